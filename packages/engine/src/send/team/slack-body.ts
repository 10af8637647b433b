/** A post as Slack's incoming webhooks, and those that follow them, take it. Control characters of its markup are escaped. */
export function slackBody(input: { title: string; text: string }): string {
  return JSON.stringify({ text: `*${escapeSlack(input.title)}*\n${escapeSlack(input.text)}` });
}

/** Source: Slack, "Formatting text for app surfaces": only these three are escaped. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

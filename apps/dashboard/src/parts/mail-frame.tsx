/**
 * An e-mail as its reader sees it. The frame is sandboxed without any permission: no script, no form, no link that
 * leads anywhere, and nothing of this page in reach. White ground, because e-mails are made for it.
 */
export function MailFrame({ html, title }: { html: string; title: string }) {
  return (
    <iframe title={title} sandbox="" srcDoc={html} className="block h-[32rem] w-full rounded-lg border bg-[#fff]" />
  );
}

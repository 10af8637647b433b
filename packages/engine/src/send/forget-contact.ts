import type { Tx } from '#db/db.ts';

/**
 * Forgets what was sent to people who are to be forgotten: contents, addresses, captured copies and choices go; what still
 * waits is withdrawn. That a message was sent stays as a number. A suppression stays: it keeps mail from that address,
 * whoever brings it back.
 */
export async function forgetMessages(
  tx: Tx,
  input: { workspaceId: string; contactIds: readonly string[]; addresses: readonly string[] },
): Promise<void> {
  const contacts = [input.workspaceId, [...input.contactIds]];
  await tx.query({
    text: 'delete from captured_email where workspace_id = $1 and (contact_id = any($2::uuid[]) or lower(to_address) = any($3::text[]))',
    values: [...contacts, input.addresses.map((address) => address.toLowerCase())],
  });
  await tx.query({
    text: 'delete from consent where workspace_id = $1 and contact_id = any($2::uuid[])',
    values: contacts,
  });
  await tx.query({
    text: `update message set to_address = null, subject = null, html = null, body_text = null, headers = null, payload = null,
             promotion_code = null, provider_response = null, reason_sentence = null, report_detail = null,
             status = case when status in ('requested', 'ready', 'sending') then 'withdrawn' else status end
           where workspace_id = $1 and contact_id = any($2::uuid[])`,
    values: contacts,
  });
}

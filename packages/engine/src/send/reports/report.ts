/** What somebody tells of a mail after its server took it, in our own words: readers make it, `record-report.ts` stores it. */
export type ReportKind = 'hard_bounce' | 'soft_bounce' | 'complaint';

export interface MailReport {
  /** Our own id of the message; null where the report names none, or one that we did not make. */
  readonly messageId: string | null;
  readonly kind: ReportKind;
  /** What the other side said, in its words; cut to `DETAIL_MAX`. */
  readonly detail: string | null;
}

/** What one call holds. `ignored`: news that change nothing here, such as "delivered" or "opened". */
export interface ReadReports {
  readonly reports: readonly MailReport[];
  readonly ignored: number;
}

export const NOTHING: ReadReports = { reports: [], ignored: 1 };

const DETAIL_MAX = 500;

/** One line out of what the other side said; null where it said nothing. */
export function detailOf(...texts: readonly (string | null | undefined)[]): string | null {
  const said = texts.map((text) => text?.replaceAll(/\s+/g, ' ').trim() ?? '').find((text) => text !== '');
  return said === undefined ? null : said.slice(0, DETAIL_MAX);
}

/**
 * Whether an enhanced status code says for good that mail cannot reach this address. 4.x.x is "not now". Of 5.x.x some
 * speak of the message or of its sender, not of the address, and must not block it: a full mailbox (x.2.2), a message too
 * large (x.2.3, x.3.4), its form (x.6.x), policy and reputation (x.7.x). Source: RFC 3463, sections 3.3 to 3.8.
 */
export function isForGood(status: string): boolean {
  return /^5\.\d{1,3}\.\d{1,3}$/.test(status) && !/^5\.(2\.[23]|3\.4|[67]\.\d+)$/.test(status);
}

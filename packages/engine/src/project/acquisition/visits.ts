/** The last visits of somebody, kept so that the order in which they are told of makes no difference. Pure. */
import { domainOf, type Touch } from './touch.ts';

/** A customer pays within its first visits; of what comes later only the newest would be asked for. */
const VISITS_KEPT = 20;
/** Letters of an ISO time up to the hour: the same way in, twice in one hour, is one visit. */
const HOUR_LENGTH = 13;

/** @returns `visits` itself where the visit is known, or older than all that are kept. */
export function addVisit(visits: readonly Touch[], visit: Touch): readonly Touch[] {
  const key = keyOf(visit);
  const known = visits.find((one) => keyOf(one) === key);
  if (known !== undefined && !isBefore(known, visit)) return visits;
  const all = [...visits.filter((one) => one !== known), visit].sort((a, b) => (isBefore(a, b) ? -1 : 1));
  const kept = all.slice(-VISITS_KEPT);
  return kept.includes(visit) ? kept : visits;
}

/** The last visit before somebody paid first, as a contact keeps it; of somebody who never paid, the last of all. */
export function lastVisitBefore(visits: readonly Touch[], firstPaidAt: Date | null): Record<string, unknown> | null {
  const paidAt = firstPaidAt?.toISOString() ?? null;
  const last = visits.findLast((visit) => paidAt === null || visit.at <= paidAt);
  return last === undefined ? null : { ...last };
}

function keyOf(visit: Touch): string {
  const { at, source, medium, campaign, term, content, referrer } = visit;
  return JSON.stringify([at.slice(0, HOUR_LENGTH), source, medium, campaign, term, content, domainOf(referrer)]);
}

/** By time; of the same moment by what it says, so that the order does not hang on who told first. */
function isBefore(left: Touch, right: Touch): boolean {
  return left.at === right.at ? textOf(left) < textOf(right) : left.at < right.at;
}

function textOf(visit: Touch): string {
  return JSON.stringify([keyOf(visit), visit.referrer, visit.landing_page]);
}

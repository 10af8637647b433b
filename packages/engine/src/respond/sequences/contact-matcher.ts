import type { Filter } from '@growthos/contracts/filter/filter.ts';
import type { Condition } from '@growthos/contracts/sequence/condition.ts';
import { type Payload, passesPayloadTest } from '@growthos/contracts/sequence/payload-test.ts';
import type { Queryable } from '#db/db.ts';

/** Which of the contacts match each of the filters now, in the filters' order: one question for a whole batch. */
export type MatchContacts = (
  db: Queryable,
  input: { workspaceId: string; filters: readonly Filter[]; contactIds: readonly string[] },
) => Promise<readonly ReadonlySet<string>[]>;

/** Answers of one batch, asked once for each (workspace, filter). */
export class FilterAnswers {
  readonly #answers = new Map<Filter, Map<string, ReadonlySet<string>>>();
  readonly #match: MatchContacts;

  constructor(match: MatchContacts) {
    this.#match = match;
  }

  async ask(
    db: Queryable,
    input: { workspaceId: string; filters: readonly Filter[]; contactIds: readonly string[] },
  ): Promise<void> {
    const found = await this.#match(db, { ...input, contactIds: [...new Set(input.contactIds)] });
    for (const [nth, filter] of input.filters.entries()) {
      const known = this.#answers.get(filter) ?? new Map<string, ReadonlySet<string>>();
      this.#answers.set(filter, known);
      known.set(input.workspaceId, found[nth] ?? new Set());
    }
  }

  matches(filter: Filter, input: { workspaceId: string; contactId: string }): boolean {
    return this.#answers.get(filter)?.get(input.workspaceId)?.has(input.contactId) ?? false;
  }

  holds(condition: Condition, input: { workspaceId: string; contactId: string; payload: Payload }): boolean {
    return condition.kind === 'payload'
      ? condition.all.every((test) => passesPayloadTest(test, input.payload))
      : this.matches(condition.filter, input);
  }
}

import { StripeFault } from '#errors.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Kept {
  readonly print: string;
  readonly atS: number;
  answer: Answer | undefined;
}

/** Stripe forgets keys after a day at the earliest. Source: docs.stripe.com/api/idempotent_requests. */
const KEPT_S = 86_400;

/** Same key and same parameters: same answer, nothing done again. Other parameters: 400. Still running: 409. */
export class Idempotency {
  private readonly kept = new Map<string, Kept>();

  async run(
    call: { readonly key: string; readonly print: string; readonly nowS: number },
    act: () => Promise<Answer>,
  ): Promise<Answer & { readonly isReplay: boolean }> {
    const known = this.kept.get(call.key);
    if (known && call.nowS - known.atS < KEPT_S) {
      if (known.print !== call.print) throw mismatch(call.key);
      if (!known.answer) throw inProgress(call.key);
      return { ...known.answer, isReplay: true };
    }
    const entry: Kept = { print: call.print, atS: call.nowS, answer: undefined };
    this.kept.set(call.key, entry);
    try {
      entry.answer = await act();
      return { ...entry.answer, isReplay: false };
    } catch (error) {
      this.kept.delete(call.key);
      throw error;
    }
  }
}

function mismatch(key: string): StripeFault {
  return new StripeFault({
    status: 400,
    type: 'idempotency_error',
    message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key.split(' ')[1] ?? ''}' if you meant to execute a different request.`,
  });
}

function inProgress(key: string): StripeFault {
  return new StripeFault({
    status: 409,
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
    message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key.split(' ')[1] ?? ''}. Please try again later.`,
  });
}

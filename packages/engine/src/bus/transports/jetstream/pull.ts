import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';

/** A pointer that came from the stream. */
export interface Pulled {
  readonly position: bigint;
  readonly after: bigint;
  readonly type: string;
  /** Acknowledges it and everything of its partition before it. */
  ack(): void;
}

/** For an answer that never comes: the server was restarted meanwhile. Milliseconds. */
const ANSWER_MAX_MS = 1_000;
const NO_RESPONDERS = 503;

/**
 * Asks a durable consumer for what it has now. The client's own `fetch` waits a second at the least for a batch that is not
 * full; this asks with `no_wait`, and ends at the last message (each says how many are left) or at the server's status.
 */
export function pullNow(
  connection: NatsConnection,
  input: { stream: string; durable: string; sizeMax: number },
): Promise<{ pulled: Pulled[]; isGone: boolean }> {
  const { stream, durable, sizeMax } = input;
  return new Promise((resolve) => {
    const pulled: Pulled[] = [];
    const inbox = createInbox();
    const end = (isGone: boolean): void => {
      clearTimeout(timer);
      subscription.unsubscribe();
      resolve({ pulled, isGone });
    };
    const timer = setTimeout(() => end(true), ANSWER_MAX_MS);
    const subscription = connection.subscribe(inbox, {
      callback(error, message) {
        const status = error ? NO_RESPONDERS : (message.headers?.code ?? 0);
        if (status > 0) return end(status === NO_RESPONDERS);
        const replyTo = message.reply ?? '';
        pulled.push(read(connection, { message, replyTo }));
        if (pulled.length === sizeMax || pendingOf(replyTo) === 0) end(false);
      },
    });
    connection.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
      JSON.stringify({ batch: sizeMax, no_wait: true }),
      { reply: inbox },
    );
  });
}

/** `replyTo` is taken at once: the client reads a message from its buffer when it is asked, and may have filled it anew. */
function read(connection: NatsConnection, input: { message: Msg; replyTo: string }): Pulled {
  const body = input.message.json<{ position: string; after: string; type: string }>();
  return {
    position: BigInt(body.position),
    after: BigInt(body.after),
    type: body.type,
    ack() {
      if (!connection.isClosed()) connection.publish(input.replyTo, '+ACK');
    },
  };
}

/** The last part of the acknowledgement subject, `$JS.ACK.<stream>.<consumer>.….<pending>`; newer servers add a token. */
function pendingOf(replyTo: string): number {
  const tokens = replyTo.split('.');
  return Number(tokens.length > 9 ? tokens[10] : tokens[8]);
}

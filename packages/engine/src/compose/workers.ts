import type { Worker } from '#base/worker.ts';
import { openBusTransport } from '#bus/index.ts';
import { many } from '#db/db.ts';
import { drainWorker } from '#ingest/index.ts';
import {
  applyStripeEvents,
  applyTrackEvents,
  billingDueWorker,
  engagementWorker,
  oneOffChargeWorker,
  recomputeContactsWorker,
  staleContactsWorker,
  waitingFailuresWorker,
} from '#project/index.ts';
import { flipsWorker, installTemplates, recomputeWorker, segmentsConsumer } from '#respond/segments/index.ts';
import { advanceWorker, dateTriggerWorker, sequenceConsumers } from '#respond/sequences/index.ts';
import { nudgeExpiryWorker } from '#send/in-app/expire-nudges.ts';
import { messageRequestsConsumer, outboxWorker, webhookFanOutConsumer } from '#send/index.ts';
import type { Parts } from '#main.ts';

type WorkerParts = Pick<
  Parts,
  'config' | 'db' | 'clock' | 'log' | 'secretBox' | 'publisher' | 'inbox' | 'sequences' | 'sending' | 'stripe'
>;

/** Who listens to the bus, and everything that works off what is due. */
export function composeWorkers(base: WorkerParts): Pick<Parts, 'consumers' | 'workers' | 'bus'> {
  const { sequences, sending, stripe } = base;
  const consumers = [
    segmentsConsumer(base),
    ...sequenceConsumers(sequences),
    messageRequestsConsumer(base),
    webhookFanOutConsumer(base),
    ...stripe.consumers,
  ];
  const bus = openBusTransport(base, { consumers, natsUrl: base.config.NATS_URL ?? null });
  const workers: Worker[] = [
    drainWorker({
      ...base,
      apply: {
        stripe: (tx, events) => applyStripeEvents(base, { tx, events }),
        track: (tx, events) => applyTrackEvents(base, { tx, events }),
      },
    }),
    ...bus.workers,
    flipsWorker(base),
    recomputeWorker(base),
    advanceWorker(sequences),
    dateTriggerWorker(sequences),
    outboxWorker(sending),
    nudgeExpiryWorker(base),
    oneOffChargeWorker(base),
    waitingFailuresWorker(base),
    billingDueWorker(base),
    staleContactsWorker(base),
    recomputeContactsWorker(base),
    engagementWorker(base),
    ...stripe.workers,
    workspaceDefaultsWorker(base),
  ];
  return { consumers, workers, bus };
}

/** Gives every new workspace the segments that come with the product. */
function workspaceDefaultsWorker(base: WorkerParts): Worker {
  return {
    name: 'workspace-defaults',
    async runOnce() {
      const fresh = await many<{ id: string }>(base.db, {
        name: 'workspace_without_segments',
        text: 'select id from workspace w where not exists (select 1 from segment s where s.workspace_id = w.id)',
      });
      if (fresh.length === 0) return 0;
      await base.db.transaction(async (tx) => {
        for (const { id } of fresh) await installTemplates(base, { tx, workspaceId: id });
      });
      return fresh.length;
    },
  };
}

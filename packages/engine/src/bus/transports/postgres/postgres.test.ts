import { describe } from 'vitest';
import { openTestDb } from '../../../../test/world/database.ts';
import { useBus } from '../../harness.suite.ts';
import { busContract } from '../../contract.suite.ts';
import { openBusTransport } from '../../index.ts';

describe('PostgreSQL as the transport', () => {
  busContract(
    useBus({
      openDb: openTestDb,
      openTransport: (deps, consumers) => openBusTransport(deps, { consumers, natsUrl: null }),
    }),
  );
});

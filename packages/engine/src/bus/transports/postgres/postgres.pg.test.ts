import { describe } from 'vitest';
import { openServerTestDb, SERVER_URL } from '../../../../test/world/database.ts';
import { notice, useBus } from '../../harness.suite.ts';
import { busContract } from '../../contract.suite.ts';
import { openBusTransport } from '../../index.ts';

if (SERVER_URL === null) notice('no DATABASE_URL: the bus is not tested with several sessions.');

describe.skipIf(SERVER_URL === null)('PostgreSQL as the transport, several sessions (needs DATABASE_URL)', () => {
  busContract(
    useBus({
      openDb: async () => (await openServerTestDb(SERVER_URL ?? '')).db,
      openTransport: (deps, consumers) => openBusTransport(deps, { consumers, natsUrl: null }),
    }),
  );
});

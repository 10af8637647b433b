// The worker thread that holds PGlite, so that a long query never stops the event loop of the server.
// Plain JavaScript: a worker's entry is loaded by Node itself, without the loader that reads TypeScript.
// In: { id, kind: 'query' | 'execute' | 'listen' | 'unlisten' | 'close', ... }. Out: { id, ok, ... } or { notify, payload }.
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

const INT8_OID = 20;
const DATE_OID = 1082;
const options = { parsers: { [INT8_OID]: (text) => BigInt(text), [DATE_OID]: (text) => text } };

const opening = PGlite.create({
  ...(workerData.dataDir === null ? {} : { dataDir: workerData.dataDir }),
  ...(workerData.snapshot === null ? {} : { loadDataDir: new Blob([workerData.snapshot]) }),
});
const listeners = new Map();

async function answer(message) {
  const db = await opening;
  switch (message.kind) {
    case 'query': {
      const result = await db.query(message.text, message.values, options);
      return {
        rows: result.rows,
        rowCount: result.fields.length > 0 ? result.rows.length : (result.affectedRows ?? 0),
      };
    }
    case 'execute':
      await db.exec(message.text);
      return {};
    case 'listen':
      listeners.set(
        message.channel,
        await db.listen(message.channel, (payload) => parentPort.postMessage({ notify: message.channel, payload })),
      );
      return {};
    case 'unlisten':
      await listeners.get(message.channel)?.();
      listeners.delete(message.channel);
      return {};
    case 'snapshot': {
      const dump = await db.dumpDataDir('none');
      return { snapshot: new Uint8Array(await dump.arrayBuffer()) };
    }
    case 'close':
      await db.close();
      return {};
    default:
      throw new Error(`unknown message ${message.kind}`);
  }
}

async function receive(message) {
  try {
    parentPort.postMessage({ id: message.id, ok: true, ...(await answer(message)) });
  } catch (error) {
    parentPort.postMessage({
      id: message.id,
      ok: false,
      error: { message: error.message, code: error.code, detail: error.detail, constraint: error.constraint },
    });
  }
}

parentPort.on('message', (message) => void receive(message));

// Where the thread of compose/worker-thread.ts begins. Plain JavaScript: a thread's entry is loaded by Node itself, and
// Node 20 needs the loader for what it imports.
import { parentPort, workerData } from 'node:worker_threads';

if (!process.features.typescript) (await import('tsx/esm/api')).register();
const { startWorkers } = await import('#main.ts');

const workers = await startWorkers(workerData.config, workerData.overrides);
// Ends this thread alone.
parentPort.once('message', () => void workers.stop().then(() => process.exit(0)));
parentPort.postMessage('running');

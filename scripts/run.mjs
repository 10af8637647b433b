// Runs a TypeScript file with this Node: newer ones read it as it is, Node 20 needs the loader.
import { spawn } from 'node:child_process';

const loader = process.features.typescript ? [] : ['--import', 'tsx'];
const child = spawn(process.execPath, [...loader, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

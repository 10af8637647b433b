/**
 * Runs files of billing cases through the production path: reader, then rules.
 * A case has `stripe` (raw objects), `as_of`, `tenant` (settings), `expected` and `expected_alt` (other settings).
 * Prints each field that differs, then `N passed, N failed`; exits 1 on a failure or an unreadable file.
 */
import { checkBillingCase } from '#project/index.ts';
import { runCaseFiles } from './run-case-files.ts';

process.exitCode = runCaseFiles({ command: 'billing:cases', files: process.argv.slice(2), check: checkBillingCase });

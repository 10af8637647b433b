/**
 * Runs files of plan-change cases through the production path: reader, then rules.
 * A case has `before` and `after` (subscriptions in short form), `had_positive_mrr_before` and `expected`.
 * Prints each field that differs, then `N passed, N failed`; exits 1 on a failure or an unreadable file.
 */
import { checkPlanChangeCase } from '#project/index.ts';
import { runCaseFiles } from './run-case-files.ts';

process.exitCode = runCaseFiles({
  command: 'billing:plan-changes',
  files: process.argv.slice(2),
  check: checkPlanChangeCase,
});

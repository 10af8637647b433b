/**
 * Sequences. In: events of the bus, dates that fall due, what people do in the dashboard. Out: runs in `enrolment`, and
 * requests for messages on the bus. Any batch may be handled twice: runs are unique per trigger event, messages per
 * (run, step). Order: starts and ends of one contact keep the order of the log.
 */
export { advanceWorker, type AdvanceDeps } from './advance.ts';
export { sequenceConsumers, type SequenceConsumerDeps } from './consumer.ts';
export type { MatchContacts } from './contact-matcher.ts';
export { dateTriggerWorker } from './date-triggers.ts';
export {
  createSequence,
  type DefineDeps as SequenceDeps,
  installTemplate,
  parseDefinition,
  pauseSequence,
  resumeSequence,
  saveVersion,
  switchOff,
  switchOn,
} from './define.ts';
export { dryRun } from './dry-run/dry-run.ts';
export { createMatchContacts } from './match-contacts.ts';
export { listPlanned, listRuns, readOverdue, readRun } from './read-runs.ts';
export { listSequences, previewEdit, readGallery, readSequence, readSequenceRow } from './read-sequences.ts';
export { actOnRun, pauseRuns, type RunAction } from './run-actions.ts';
export { createCheckRuns, type CheckRuns, type RunObjection } from './still-true.ts';
export type { TraitWriter } from './store-moves.ts';
export { SEQUENCE_TEMPLATES, templateByKey } from './templates/index.ts';
export { forgetRuns } from './forget-contact.ts';

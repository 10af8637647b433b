/**
 * The states of a run, and who moves it to what. A test walks this table.
 *
 * | from      | to        | by                                                                  |
 * |-----------|-----------|---------------------------------------------------------------------|
 * | (none)    | active    | enrol: a trigger                                                    |
 * | active    | active    | advance: the next step is due, or an awaited event came             |
 * | active    | completed | advance: the last step is done; the holdout's window is over        |
 * | active    | exited    | exit: goal, segment left, no longer true; a person; an edit         |
 * | active    | paused    | a person; advance, when the run falls due while its sequence pauses |
 * | active    | failed    | advance: its step failed five times                                 |
 * | paused    | active    | a person; the sequence is resumed                                   |
 * | paused    | exited    | as from active                                                      |
 * | failed    | active    | a person replays it                                                 |
 * | failed    | exited    | as from active                                                      |
 */
export type RunStatus = 'active' | 'paused' | 'completed' | 'exited' | 'failed';

export const RUN_MOVES: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  active: ['active', 'completed', 'exited', 'paused', 'failed'],
  paused: ['active', 'exited'],
  failed: ['active', 'exited'],
  completed: [],
  exited: [],
};

/** Why a run ended, as stored; the bus event carries the first six of them, the last as `left_segment`. */
export const END_REASONS = [
  'completed',
  'goal',
  'left_segment',
  'person',
  'edited',
  'holdout_done',
  'failed',
  'no_longer_true',
] as const;
export type EndReason = (typeof END_REASONS)[number];

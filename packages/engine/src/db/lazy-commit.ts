/**
 * A column for the statement with which a worker takes its work: COMMIT of that transaction does not wait for the disk, nor
 * does whoever waits for the log's tail meanwhile. Safe where the work's own place moves in the same transaction, because
 * the server's log is written in order: what a crash of the server takes back is the place together with all that was done
 * up to it, so it is done again; and who sends something out writes that down first, in a COMMIT that does wait, and with
 * it for everything before.
 */
export const LAZY_COMMIT = `set_config('synchronous_commit', 'off', true) as "lazyCommit"`;

import { newId } from '#base/ids.ts';
import { must } from '#base/errors.ts';
import { one, type Db } from '#db/db.ts';

/** This database's stream on the NATS server, so that two installations, or a test and its neighbour, never meet. */
export interface Installation {
  readonly stream: string;
  readonly partitions: number;
}

/**
 * Partitions of a new installation: twice as many as the processes that an installation of one machine will run, and few
 * enough that a batch is still a batch. Fixed at the first start, because a contact must stay in its partition.
 */
const PARTITIONS = 8;

/** Reads the installation, or makes it: what is on the log by then counts as told, and consumers read it from the log. */
export async function findInstallation(db: Db): Promise<Installation> {
  return db.transaction(async (tx) => {
    const select = { text: 'select stream, partitions from bus_relay' };
    const known = await one<Installation>(tx, select);
    if (known) return known;
    await tx.query({
      text: 'insert into bus_relay (stream, partitions) values ($1, $2) on conflict (id) do nothing',
      values: [`growthos_${newId().replaceAll('-', '')}`, PARTITIONS],
    });
    const made = must(await one<Installation>(tx, select), 'the row of the relay');
    await tx.query({
      text: `insert into bus_relay_partition (partition, position)
             select n, coalesce((select max(position) from bus_event), 0) from generate_series(0, $1::integer - 1) n
             on conflict do nothing`,
      values: [made.partitions],
    });
    return made;
  });
}

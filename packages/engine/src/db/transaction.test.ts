import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openTestDb } from '../../test/world/database.ts';
import { type Db, many, one } from './db.ts';
import { TextArray } from './text-array.ts';

let db: Db;

beforeAll(async () => {
  db = await openTestDb();
  await db.execute('create table note (id integer primary key, text text)');
});
afterAll(() => db.close());
beforeEach(() => db.execute('truncate note'));

const insert = (id: number) => ({ text: 'insert into note values ($1, $2)', values: [id, `note ${id}`] });
const ids = async (): Promise<number[]> =>
  (await many<{ id: number }>(db, { text: 'select id from note order by id' })).map((row) => row.id);

test('what is sent runs in its order, before what is asked later, and commits', async () => {
  await db.transaction(async (tx) => {
    tx.send(insert(1));
    tx.send({ text: `update note set text = 'changed' where id = 1` });
    expect(await one(tx, { text: 'select text from note where id = 1' })).toEqual({ text: 'changed' });
    tx.send(insert(2));
  });
  expect(await ids()).toEqual([1, 2]);
});

test('a statement that was sent and failed fails the transaction, with its own error, whoever asks next', async () => {
  const same = { code: '23505' };
  await expect(db.transaction(async (tx) => void [1, 1].map((id) => tx.send(insert(id))))).rejects.toMatchObject(same);
  const work = db.transaction(async (tx) => {
    tx.send(insert(1));
    tx.send(insert(1));
    await tx.query(insert(2));
  });
  await expect(work).rejects.toMatchObject(same);
  await expect(
    db.transaction(async (tx) => [tx.send(insert(1)), tx.send(insert(1)), await tx.sent()]),
  ).rejects.toMatchObject(same);
  const thrown = db.transaction(async (tx) => {
    tx.send(insert(3));
    throw new Error('no');
  });
  await expect(thrown).rejects.toThrow('no');
  expect(await ids()).toEqual([]);
});

test('an array of texts arrives as it was given: quotes, backslashes, nothing, bytes, letters of all lengths', async () => {
  const texts = ['', 'a "quoted" \\ word', '{x,NULL}', 'ünï ☃ 😀', null, 'NULL'];
  const sent = [...texts, Buffer.from('bytes ☃')];
  const row = await one<{ texts: unknown }>(db, { text: 'select $1::text[] as texts', values: [new TextArray(sent)] });
  expect(row?.texts).toEqual([...texts, 'bytes ☃']);
  const empty = await one<{ n: number }>(db, {
    text: 'select coalesce(array_length($1::text[], 1), 0) as n',
    values: [new TextArray([])],
  });
  expect(empty?.n).toBe(0);
});

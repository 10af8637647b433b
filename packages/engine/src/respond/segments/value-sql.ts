import type {
  ListCondition,
  NumberCondition,
  PayloadCondition,
  TextCondition,
} from '@growthos/contracts/filter/filter.ts';
import { unreachable } from '#base/errors.ts';
import { join, sql, type Sql } from '#db/sql.ts';

/** A value in SQL: a typed column, or a piece of free JSON whose type each test checks before it reads it. */
export type ValueSql = { readonly kind: 'column' | 'json'; readonly sql: Sql };

/** A positive test (true only for a value that is there), and whether its opposite was asked for. */
export interface ValueTest {
  readonly positive: Sql;
  readonly isNegated: boolean;
}

export function textOf(value: ValueSql): Sql {
  if (value.kind === 'column') return value.sql;
  return sql`(case when jsonb_typeof(${value.sql}) in ('string', 'number', 'boolean') then ${value.sql} #>> '{}' end)`;
}
export function numberOf(value: ValueSql): Sql {
  if (value.kind === 'column') return sql`${value.sql}::numeric`;
  return sql`(case when jsonb_typeof(${value.sql}) = 'number' then (${value.sql} #>> '{}')::numeric end)`;
}
function booleanOf(value: ValueSql): Sql {
  if (value.kind === 'column') return value.sql;
  return sql`(case when jsonb_typeof(${value.sql}) = 'boolean' then (${value.sql} #>> '{}')::boolean end)`;
}
export function instantOf(value: ValueSql): Sql {
  return value.kind === 'column' ? value.sql : sql`growthos_instant(${value.sql}, p.tz)`;
}
export function presenceOf(value: ValueSql): Sql {
  return value.kind === 'column' ? sql`(${value.sql} is not null)` : sql`(jsonb_typeof(${value.sql}) <> 'null')`;
}

/** `isClosed`: the column holds one of a closed list in lower case, so it is compared as it is and an index can help. */
export function textTest(
  value: ValueSql,
  test: Pick<TextCondition, 'is' | 'values'> & { isClosed?: boolean },
): ValueTest {
  const { is, values } = test;
  if (test.isClosed === true && (is === 'is' || is === 'is_not')) {
    const list = join(values.map((wanted) => sql`${wanted.toLowerCase()}::text`));
    return { positive: sql`(${value.sql} in (${list}))`, isNegated: is === 'is_not' };
  }
  const found = sql`lower(${textOf(value)})`;
  const any = (one: (wanted: Sql) => Sql): Sql =>
    sql`(${join(
      values.map((wanted) => one(sql`lower(${wanted}::text)`)),
      ' or ',
    )})`;
  switch (is) {
    case 'is':
    case 'is_not':
      return { positive: any((wanted) => sql`${found} = ${wanted}`), isNegated: is === 'is_not' };
    case 'contains':
    case 'does_not_contain':
      return {
        positive: any((wanted) => sql`position(${wanted} in ${found}) > 0`),
        isNegated: is === 'does_not_contain',
      };
    case 'starts_with':
      return { positive: any((wanted) => sql`starts_with(${found}, ${wanted})`), isNegated: false };
    case 'ends_with':
      return { positive: any((wanted) => sql`right(${found}, length(${wanted})) = ${wanted}`), isNegated: false };
    default:
      return unreachable(is);
  }
}

export function numberTest(found: Sql, test: Pick<NumberCondition, 'is' | 'value' | 'to'>): ValueTest {
  const value = sql`${String(test.value)}::numeric`;
  switch (test.is) {
    case 'equals':
    case 'not_equals':
      return { positive: sql`(${found} = ${value})`, isNegated: test.is === 'not_equals' };
    case 'more_than':
      return { positive: sql`(${found} > ${value})`, isNegated: false };
    case 'at_least':
      return { positive: sql`(${found} >= ${value})`, isNegated: false };
    case 'less_than':
      return { positive: sql`(${found} < ${value})`, isNegated: false };
    case 'at_most':
      return { positive: sql`(${found} <= ${value})`, isNegated: false };
    case 'between':
      return {
        positive: sql`(${found} between ${value} and ${String(test.to ?? test.value)}::numeric)`,
        isNegated: false,
      };
    default:
      return unreachable(test.is);
  }
}

export function booleanTest(value: ValueSql, is: 'true' | 'false'): ValueTest {
  const found = booleanOf(value);
  return { positive: is === 'true' ? sql`(${found} is true)` : sql`(${found} is false)`, isNegated: false };
}

/** Lists exist in free JSON only: no column holds one. Their elements are compared as they are written. */
export function listTest(value: ValueSql, test: Pick<ListCondition, 'is' | 'values'>): ValueTest {
  const list = sql`(case when jsonb_typeof(${value.sql}) = 'array' then ${value.sql} end)`;
  const wanted = sql`${test.values}::text[]`;
  switch (test.is) {
    case 'includes_any':
    case 'includes_none':
      return { positive: sql`(${list} ?| ${wanted})`, isNegated: test.is === 'includes_none' };
    case 'includes_all':
      return { positive: sql`(${list} ?& ${wanted})`, isNegated: false };
    default:
      return unreachable(test.is);
  }
}

/** A condition on the payload of the event `e`. */
export function payloadSql(condition: PayloadCondition): Sql {
  const value: ValueSql = { kind: 'json', sql: sql`(e.data #> ${condition.field.split('.')}::text[])` };
  const test = payloadTest(value, condition);
  return test.isNegated ? sql`((${test.positive}) is not true)` : test.positive;
}

function payloadTest(value: ValueSql, condition: PayloadCondition): ValueTest {
  switch (condition.op) {
    case 'text':
      return textTest(value, condition);
    case 'number':
      return numberTest(numberOf(value), condition);
    case 'boolean':
      return booleanTest(value, condition.is);
    case 'presence':
      return { positive: presenceOf(value), isNegated: condition.is === 'not_exists' };
    default:
      return unreachable(condition);
  }
}

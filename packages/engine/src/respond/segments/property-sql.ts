import type { PropertyCondition } from '@growthos/contracts/filter/filter.ts';
import {
  filterProperty,
  isContactProperty,
  type FilterProperty,
} from '@growthos/contracts/filter/filter-properties.ts';
import { must, unreachable } from '#base/errors.ts';
import { raw, sql, type Sql } from '#db/sql.ts';
import { CONTACT_COLUMNS, CURRENCY_COLUMNS } from '#project/catalogue.ts';
import { NEVER, negated, type ConditionSql, type Stages } from './condition-sql.ts';
import { dateTestSql } from './date-sql.ts';
import {
  booleanTest,
  instantOf,
  listTest,
  numberOf,
  numberTest,
  presenceOf,
  textTest,
  type ValueSql,
  type ValueTest,
} from './value-sql.ts';

/** A condition on a property of the contact, of one of its traits, or of any of its companies. */
export function propertySql(condition: PropertyCondition, stages: Stages): ConditionSql {
  const property = filterProperty(condition.property);
  // Parsing refuses unknown names; a name that a later release took away makes the condition false.
  if (!property) return NEVER;
  if (isOfCompany(property)) return companySql(condition, property);
  if (condition.op === 'date') {
    const value = valueSql(property);
    const isFree = value.kind === 'json';
    const instant = isFree ? stages.hold(instantOf(value), 0) : instantOf(value);
    return { ...dateTestSql(instant, condition.test), height: isFree ? 1 : 0 };
  }
  const test = valueTest(condition, property);
  const positive: ConditionSql = { truth: test.positive, flip: null, height: 0 };
  return test.isNegated ? negated(positive) : positive;
}

const isOfCompany = (property: FilterProperty): boolean => property.of === 'company' || property.of === 'company_trait';

/** Of the companies `k` of the contact `c`. */
const COMPANIES = sql`company_membership cm join company k on k.id = cm.company_id where cm.contact_id = c.id`;

function companySql(condition: PropertyCondition, property: FilterProperty): ConditionSql {
  if (condition.op === 'date') {
    const from = sql`(select ${instantOf(valueSql(property))} as at from ${COMPANIES}) v`;
    const test = dateTestSql(raw('v.at'), condition.test);
    return {
      truth: sql`exists (select 1 from ${from} where ${test.truth})`,
      flip: test.flip && sql`(select min(${test.flip}) from ${from})`,
      height: 0,
    };
  }
  const test = valueTest(condition, property);
  const positive: ConditionSql = {
    truth: sql`exists (select 1 from ${COMPANIES} and (${test.positive}))`,
    flip: null,
    height: 0,
  };
  return test.isNegated ? negated(positive) : positive;
}

function valueTest(condition: Exclude<PropertyCondition, { op: 'date' }>, property: FilterProperty): ValueTest {
  const value = valueSql(property);
  switch (condition.op) {
    case 'text':
      return textTest(value, {
        ...condition,
        isClosed: property.of === 'contact' && property.info?.values !== undefined,
      });
    case 'number':
      return numberTest(numberOf(value), condition);
    case 'boolean':
      return booleanTest(value, condition.is);
    case 'list':
      return listTest(value, condition);
    case 'presence':
      return { positive: presenceOf(value), isNegated: condition.is === 'not_exists' };
    case 'money': {
      const { is, amountMinor, toMinor, currency } = condition;
      const test = numberTest(numberOf(value), {
        is,
        value: amountMinor,
        ...(toMinor === undefined ? {} : { to: toMinor }),
      });
      return { positive: sql`(${test.positive} and ${currencySql(property)} = ${currency}::text)`, isNegated: false };
    }
    default:
      return unreachable(condition);
  }
}

/** Where the value stands. Column names come from the catalogue; names of traits are bound. */
export function valueSql(property: FilterProperty): ValueSql {
  switch (property.of) {
    case 'contact':
      if (!isContactProperty(property.name)) throw new Error(`no such property: ${property.name}`);
      return { kind: 'column', sql: raw(`c.${CONTACT_COLUMNS[property.name]}`) };
    case 'trait':
      return { kind: 'json', sql: sql`(c.traits -> ${property.name}::text)` };
    case 'company_trait':
      return { kind: 'json', sql: sql`(k.traits -> ${property.name}::text)` };
    case 'company':
      if (property.name === 'name') return { kind: 'column', sql: sql`k.name` };
      if (property.name === 'domain') return { kind: 'column', sql: sql`k.domain` };
      return { kind: 'json', sql: sql`(k.billing -> ${property.name}::text)` };
    default:
      return unreachable(property.of);
  }
}

/** The currency beside a money property. */
export function currencySql(property: FilterProperty): Sql {
  if (property.of === 'company')
    return sql`(k.billing ->> ${must(property.info?.currency, 'currency property')}::text)`;
  if (!isContactProperty(property.name)) throw new Error(`no such property: ${property.name}`);
  return raw(`c.${must(CURRENCY_COLUMNS[property.name], `currency column of ${property.name}`)}`);
}

/** The value as JSON, for people: what the contact (or each of its companies) has at this condition. */
export function actualValueSql(condition: PropertyCondition): Sql {
  const property = filterProperty(condition.property);
  if (!property) return sql`null::jsonb`;
  const value = valueSql(property);
  const plain = condition.op === 'date' ? sql`to_jsonb(${instantOf(value)})` : sql`to_jsonb(${value.sql})`;
  const shown =
    condition.op === 'money'
      ? sql`jsonb_build_object('amountMinor', ${value.sql}, 'currency', ${currencySql(property)})`
      : plain;
  if (!isOfCompany(property)) return shown;
  return sql`(select jsonb_agg(${shown}) from ${COMPANIES})`;
}

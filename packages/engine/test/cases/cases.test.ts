/** The case files, run through the production path: reader, then rules. More files of the format run by the CLI. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkBillingCase } from '#project/billing/cases/billing-case.ts';
import { type CaseRecord, CaseFormatError } from '#project/billing/cases/case-file.ts';
import { checkPlanChangeCase } from '#project/billing/cases/plan-change-case.ts';

function casesOf(name: string): readonly (CaseRecord & { readonly id: string; readonly title: string })[] {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
}

const billing = casesOf('./billing-cases.json');
const changes = casesOf('./plan-changes.json');

test('both files are whole: 106 billing cases and 20 plan changes', () => {
  expect([billing.length, changes.length]).toEqual([106, 20]);
});

describe('billing truth', () => {
  test.each(billing.map((one) => [`${one.id} ${one.title}`, one] as const))('%s', (_, one) => {
    expect(checkBillingCase(one)).toEqual([]);
  });
});

describe('plan changes', () => {
  test.each(changes.map((one) => [`${one.id} ${one.title}`, one] as const))('%s', (_, one) => {
    expect(checkPlanChangeCase(one)).toEqual([]);
  });
});

test('a wrong expectation is reported with its field, also under another setting', () => {
  const [first] = billing.filter((one) => one.id === 'D02');
  if (first === undefined) throw new Error('case D02 is missing');
  const wrong = {
    ...first,
    expected: { mrr_minor: 1, warnings: ['tiers_missing'] },
    expected_alt: [{ policy: { 'discounts.repeating': true }, mrr_minor: 2 }],
  };
  expect(checkBillingCase(wrong)).toEqual([
    { field: 'mrr_minor', expected: 1, got: 2900 },
    { field: 'warnings', expected: ['tiers_missing'], got: [] },
    { field: 'mrr_minor under {"discounts.repeating":true}', expected: 2, got: 2320 },
  ]);
});

test('a setting that does not exist is refused by name, not ignored', () => {
  const [first] = billing;
  if (first === undefined) throw new Error('no case');
  const wrong = { ...first, expected_alt: [{ policy: { cancel_sheduled: 'exclude' }, mrr_minor: 2900 }] };
  expect(() => checkBillingCase(wrong)).toThrow(CaseFormatError);
  expect(() => checkBillingCase(wrong)).toThrow(/cancelSheduled/);
});

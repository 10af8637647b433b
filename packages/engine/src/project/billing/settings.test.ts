import { expect, test } from 'vitest';
import { billingSettingFields } from './setting-fields.ts';
import { BillingSettingsSchema, DEFAULT_BILLING_SETTINGS } from './settings.ts';

test('every setting has a title, one plain sentence and a default, for the page that shows them', () => {
  const fields = billingSettingFields();
  expect(fields.length).toBeGreaterThanOrEqual(20);
  for (const field of fields) {
    expect(field.title).not.toBe(field.path);
    expect(field.description).toMatch(/^[A-Z].{20,130}\.$/);
    expect(field.defaultValue).not.toBeUndefined();
  }
  const byPath = new Map(fields.map((field) => [field.path, field]));
  expect(byPath.get('cancelScheduled')).toMatchObject({
    kind: 'choice',
    options: ['exclude', 'include_until_end'],
    defaultValue: 'exclude',
  });
  expect(byPath.get('discounts.once')).toMatchObject({ kind: 'switch', defaultValue: false });
  expect(byPath.get('rates')).toMatchObject({ kind: 'table', defaultValue: {} });
  expect(byPath.get('statusOrder')?.options).toHaveLength(8);
});

test('settings stored by an older version get the new defaults, and a wrong one is refused by name', () => {
  expect(BillingSettingsSchema.parse({ discounts: { once: true } })).toEqual({
    ...DEFAULT_BILLING_SETTINGS,
    discounts: { once: true, repeating: false },
  });
  const wrong = [
    { rates: { eur: '0' } },
    { rates: { eur: '1,1' } },
    { reportCurrency: 'dollars' },
    { statusOrder: ['active'] },
    { unknown: 1 },
  ];
  for (const settings of wrong) expect(BillingSettingsSchema.safeParse(settings).success).toBe(false);
});

test('a currency may be written in capitals', () => {
  expect(BillingSettingsSchema.parse({ reportCurrency: 'USD', rates: { EUR: '1.10' } })).toMatchObject({
    reportCurrency: 'usd',
    rates: { eur: '1.10' },
  });
});

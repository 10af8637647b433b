import { LATEST_VERSION } from '#render/version.ts';
import type { AccountRow, KeyRow } from './access.ts';
import type { World } from './world.ts';

export const PLATFORM_ACCOUNT = 'acct_1PlatformGrowthOS';
export const COMPANY_ACCOUNT = 'acct_1AnalyticalEngine';
export const OTHER_ACCOUNT = 'acct_1DifferenceWorks';
export const PLATFORM_CLIENT_ID = 'ca_SimulatorConnectPlatform';
export const APP_CLIENT_ID = 'ca_SimulatorStripeApp';

/** Fixed and made for this simulator only: none of them opens anything anywhere else. */
export const KEYS = {
  platformTest: 'sk_test_simulator_platform',
  platformLive: 'sk_live_simulator_platform',
  companyTest: 'sk_test_simulator_company',
  companyLive: 'sk_live_simulator_company',
  /** Of the shape that Stripe's command line insists on. */
  companyCli: 'sk_test_1234567890abcdef',
  companyRestricted: 'rk_test_simulator_company_read',
  companyRestrictedWithWebhooks: 'rk_test_simulator_company_webhooks',
} as const;

/** What a reader of billing needs; the names are those of Stripe's prefilled key page. */
const READ_PERMISSIONS = [
  'rak_customer_read',
  'rak_subscription_read',
  'rak_invoice_read',
  'rak_charge_read',
  'rak_payment_intent_read',
  'rak_payment_method_read',
  'rak_product_read',
  'rak_plan_read',
  'rak_coupon_read',
  'rak_promotion_code_read',
  'rak_credit_note_read',
  'rak_dispute_read',
  'rak_checkout_session_read',
  'rak_event_read',
  'rak_connected_account_read',
] as const;

function newAccount(input: {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly createdS: number;
  readonly apiVersion?: string;
}): AccountRow {
  return {
    id: input.id,
    created: input.createdS,
    name: input.name,
    email: input.email,
    country: 'US',
    defaultCurrency: 'usd',
    timezone: 'America/New_York',
    apiVersion: input.apiVersion ?? LATEST_VERSION,
    metadata: {},
    retryDays: [3, 5, 7],
    afterRetries: 'cancel',
  };
}

/** The platform, the demo company and a second company, with their keys and the two OAuth clients. */
export function populate(world: World, apiVersion: string): void {
  const createdS = world.clock.nowS() - 3 * 365 * 86_400;
  for (const [id, name, email] of [
    [PLATFORM_ACCOUNT, 'GrowthOS', 'platform@growthos.example'],
    [COMPANY_ACCOUNT, 'Analytical Engines', 'billing@analytical.example'],
    [OTHER_ACCOUNT, 'Difference Works', 'billing@difference.example'],
  ] as const) {
    world.addAccount(newAccount({ id, name, email, createdS, apiVersion }));
  }
  for (const [key, account, livemode] of [
    [KEYS.platformTest, PLATFORM_ACCOUNT, false],
    [KEYS.platformLive, PLATFORM_ACCOUNT, true],
    [KEYS.companyTest, COMPANY_ACCOUNT, false],
    [KEYS.companyLive, COMPANY_ACCOUNT, true],
    [KEYS.companyCli, COMPANY_ACCOUNT, false],
  ] as const) {
    addKey(world, { key, account, livemode });
  }
  addKey(world, {
    key: KEYS.companyRestricted,
    account: COMPANY_ACCOUNT,
    livemode: false,
    permissions: READ_PERMISSIONS,
  });
  addKey(world, {
    key: KEYS.companyRestrictedWithWebhooks,
    account: COMPANY_ACCOUNT,
    livemode: false,
    permissions: [...READ_PERMISSIONS, 'rak_webhook_write'],
  });
  world.applications.set(PLATFORM_CLIENT_ID, {
    id: PLATFORM_CLIENT_ID,
    name: 'GrowthOS',
    account: PLATFORM_ACCOUNT,
    kind: 'platform',
    redirectUris: [],
    permissions: [],
  });
  world.applications.set(APP_CLIENT_ID, {
    id: APP_CLIENT_ID,
    name: 'GrowthOS',
    account: PLATFORM_ACCOUNT,
    kind: 'app',
    redirectUris: [],
    permissions: [...READ_PERMISSIONS],
  });
}

export function addKey(
  world: World,
  input: Pick<KeyRow, 'key' | 'account' | 'livemode'> & {
    readonly permissions?: readonly string[];
    readonly expiresAt?: number;
    readonly application?: string;
  },
): KeyRow {
  const row: KeyRow = {
    key: input.key,
    account: input.account,
    livemode: input.livemode,
    permissions: input.permissions ? [...input.permissions] : null,
    expiresAt: input.expiresAt ?? null,
    application: input.application ?? null,
  };
  world.keys.set(row.key, row);
  return row;
}

/** A workspace's settings as its page shows them, made from the schemas of the stages that own them. */
import type { RuleGroupName, Settings } from '@growthos/contracts/http/settings.ts';
import type { z } from 'zod';
import { must } from '#base/errors.ts';
import { isRecord } from '#base/is-record.ts';
import { many, one, type Db, type Queryable } from '#db/db.ts';
import { priceText } from './contact-stripe.ts';
import { dataReader } from './event-data.ts';
import { settingFields } from './setting-fields.ts';

export interface RuleGroupSchema {
  readonly group: RuleGroupName;
  readonly title: string;
  readonly says: string;
  readonly schema: z.ZodObject;
  /** Paths that have a page of their own, such as the tiers. */
  readonly skip?: readonly string[];
}

const PRICES_MAX = 2000;

export async function settings(
  deps: { db: Db; ruleGroups: readonly RuleGroupSchema[] },
  input: { workspaceId: string; canEdit: boolean },
): Promise<Settings> {
  const stored = await one<{
    id: string;
    name: string;
    mode: 'live' | 'test';
    timezone: string;
    settings: Record<string, unknown>;
    created_at: Date;
  }>(deps.db, {
    text: 'select id, name, mode, timezone, settings, created_at from workspace where id = $1',
    values: [input.workspaceId],
  });
  const row = must(stored, 'workspace of a signed-in person');
  return {
    workspace: {
      id: row.id,
      name: row.name,
      mode: row.mode,
      timezone: row.timezone,
      createdAt: row.created_at.toISOString(),
    },
    rules: deps.ruleGroups.map(({ group, title, says, schema, skip }) => ({
      group,
      title,
      says,
      fields: settingFields(schema, { stored: row.settings[group], skip: skip ?? [] }),
    })),
    catalogue: await catalogueOf(deps.db, { workspaceId: input.workspaceId, billing: row.settings['billing'] }),
    canEdit: input.canEdit,
  };
}

/** One group's stored value as it is: what a save keeps of the parts that it does not carry. */
export async function storedRules(
  deps: { db: Queryable },
  input: { workspaceId: string; group: RuleGroupName },
): Promise<Readonly<Record<string, unknown>>> {
  const row = await one<{ value: unknown }>(deps.db, {
    text: 'select settings -> $2 as value from workspace where id = $1',
    values: [input.workspaceId, input.group],
  });
  return isRecord(row?.value) ? row.value : {};
}

interface PriceRow {
  price_id: string;
  price: Record<string, unknown>;
  product_id: string | null;
  product_name: string | null;
}

/** Products with their prices, those in use first, and the tiers given to them. */
async function catalogueOf(
  db: Queryable,
  input: { workspaceId: string; billing: unknown },
): Promise<Settings['catalogue']> {
  const rows = await many<PriceRow>(db, {
    text: `select p.id as price_id, p.fact as price, p.fact ->> 'productId' as product_id, d.fact ->> 'name' as product_name
           from stripe_account a
             join stripe_object p on p.workspace_id = a.workspace_id and p.stripe_account = a.account and p.type = 'price'
               and not p.is_deleted
             left join stripe_object d on d.stripe_account = p.stripe_account and d.livemode = p.livemode
               and d.type = 'product' and d.id = p.fact ->> 'productId'
           where a.workspace_id = $1 and a.status = 'active'
           order by product_name nulls last, product_id, (p.fact ->> 'isActive') = 'true' desc, p.id limit ${PRICES_MAX}`,
    values: [input.workspaceId],
  });
  const tiers = tiersOf(input.billing);
  const products = new Map<string, Settings['catalogue'][number]>();
  for (const row of rows) {
    const productId = row.product_id ?? row.price_id;
    const product = products.get(productId) ?? {
      productId,
      name: row.product_name ?? productId,
      tier: tiers.products[productId] ?? null,
      prices: [],
    };
    const price = dataReader(row.price);
    product.prices.push({
      priceId: row.price_id,
      label: priceText(price) ?? price.text('nickname') ?? 'Price by use or by tiers',
      tier: tiers.prices[row.price_id] ?? null,
      isActive: price.isTrue('isActive'),
    });
    products.set(productId, product);
  }
  return [...products.values()];
}

type TierMap = Readonly<Record<string, string | undefined>>;

function tiersOf(billing: unknown): { products: TierMap; prices: TierMap } {
  const tiers = isRecord(billing) && isRecord(billing['tiers']) ? billing['tiers'] : {};
  return { products: textsOf(tiers['products']), prices: textsOf(tiers['prices']) };
}

function textsOf(value: unknown): TierMap {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

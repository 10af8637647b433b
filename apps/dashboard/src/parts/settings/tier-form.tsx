import type { Settings } from '@growthos/contracts/http/settings.ts';
import { Layers } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { useSaveSettings } from '../../api/settings.ts';
import { Badge } from '../../design/badge.tsx';
import { Button } from '../../design/button.tsx';
import { SectionCard } from '../../design/card.tsx';
import { EmptyState } from '../../design/empty-state.tsx';
import { Input } from '../../design/field.tsx';
import { toast } from '../../design/toast.tsx';

type Tiers = Readonly<Record<string, string>>;

/** Which tier each product is: segments and "upgraded to Pro" follow it. A price may differ from its product. */
export function TierForm({ settings }: { settings: Settings }) {
  const { catalogue, canEdit } = settings;
  const [products, setProducts] = useState<Tiers>(() =>
    Object.fromEntries(catalogue.map((one) => [one.productId, one.tier ?? ''])),
  );
  const [prices, setPrices] = useState<Tiers>(() =>
    Object.fromEntries(catalogue.flatMap((one) => one.prices.map((price) => [price.priceId, price.tier ?? '']))),
  );
  const save = useSaveSettings('tiers');
  const listId = useId();
  const known = [...new Set([...Object.values(products), ...Object.values(prices)])].filter(Boolean);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ products, prices }, { onSuccess: () => toast('Saved. People’s tiers follow within moments.') });
  };
  if (catalogue.length === 0) {
    return (
      <SectionCard title="Plan tiers">
        <EmptyState icon={<Layers />} title="No product yet">
          Your products appear here once Stripe is connected and read.
        </EmptyState>
      </SectionCard>
    );
  }
  return (
    <SectionCard
      title="Plan tiers"
      says="Give each product a tier, such as Starter, Pro or Team. Without one, it counts by its price alone."
    >
      <form onSubmit={submit}>
        <datalist id={listId}>
          {known.map((tier) => (
            <option key={tier} value={tier} />
          ))}
        </datalist>
        <ul className="divide-y">
          {catalogue.map((product) => (
            <li key={product.productId} className="py-3 first:pt-1">
              <div className="flex flex-wrap items-center justify-between gap-2">
                <span className="font-semibold">{product.name}</span>
                <Input
                  aria-label={`Tier of ${product.name}`}
                  list={listId}
                  placeholder="No tier"
                  maxLength={60}
                  disabled={!canEdit}
                  className="w-44"
                  value={products[product.productId] ?? ''}
                  onChange={(event) => setProducts({ ...products, [product.productId]: event.target.value })}
                />
              </div>
              {product.prices.length > 0 && (
                <details className="mt-1">
                  <summary className="text-[0.8125rem] text-ink-2">
                    {product.prices.length} {product.prices.length === 1 ? 'price' : 'prices'}:{' '}
                    {product.prices.map((price) => price.label).join(', ')}
                  </summary>
                  <ul className="mt-2 space-y-1.5 pl-4">
                    {product.prices.map((price) => (
                      <li key={price.priceId} className="flex flex-wrap items-center justify-between gap-2">
                        <span>
                          {price.label} {!price.isActive && <Badge>not sold any more</Badge>}
                        </span>
                        <Input
                          aria-label={`Tier of ${product.name}, ${price.label}`}
                          list={listId}
                          placeholder="As its product"
                          maxLength={60}
                          disabled={!canEdit}
                          className="w-44"
                          value={prices[price.priceId] ?? ''}
                          onChange={(event) => setPrices({ ...prices, [price.priceId]: event.target.value })}
                        />
                      </li>
                    ))}
                  </ul>
                </details>
              )}
            </li>
          ))}
        </ul>
        {save.error !== null && (
          <p role="alert" className="mb-3 text-bad">
            {save.error.message}
          </p>
        )}
        {canEdit && (
          <Button type="submit" look="primary" busy={save.isPending} className="mt-3">
            Save
          </Button>
        )}
      </form>
    </SectionCard>
  );
}

import { type RawObject, readAs, type ReadResult } from './raw-object.ts';

export interface ProductFact {
  readonly object: 'product';
  readonly id: string;
  readonly livemode: boolean | null;
  readonly isDeleted: boolean;
  readonly isActive: boolean | null;
  readonly name: string | null;
  readonly description: string | null;
  readonly createdS: number | null;
  readonly updatedS: number | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export function readProduct(raw: unknown): ReadResult<ProductFact> {
  return readAs(raw, { objects: ['product'], read: productFact });
}

export function productFact(source: RawObject, id: string): ProductFact {
  return {
    object: 'product',
    id,
    livemode: source.bool('livemode'),
    isDeleted: source.bool('deleted') ?? false,
    isActive: source.bool('active'),
    name: source.text('name'),
    description: source.text('description'),
    createdS: source.seconds('created'),
    updatedS: source.seconds('updated'),
    metadata: source.metadata('metadata'),
  };
}

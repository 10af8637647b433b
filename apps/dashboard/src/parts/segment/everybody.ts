import type { Filter } from '@growthos/contracts/filter/filter.ts';

/** A tree without conditions; written out here so that the schema and its checker stay out of the browser. */
export const EVERYBODY_DEFINITION: Filter = { version: 1, where: { op: 'and', of: [] } };

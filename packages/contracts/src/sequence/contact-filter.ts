import { Filter } from '../filter/filter.ts';
import { parseFilter } from '../filter/parse-filter.ts';

/** The filter tree over a contact, the same as in segments, names and types checked too. */
export const ContactFilter = Filter.superRefine((filter, context) => {
  const parsed = parseFilter(filter);
  if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.message });
});
export type ContactFilter = Filter;

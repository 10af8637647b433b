import type { FilterLeaf } from '@growthos/contracts/filter/filter.ts';
import type { FilterCatalogue } from '@growthos/contracts/http/segments.ts';
import { MousePointerClick, SquareStack, Tag } from 'lucide-react';
import { useState } from 'react';
import { Dialog } from '../../design/dialog.tsx';
import { Input } from '../../design/field.tsx';
import { freshCondition, freshEvent } from './filter-words.ts';

interface PickerProps {
  readonly open: boolean;
  readonly catalogue: FilterCatalogue;
  readonly onClose: () => void;
  readonly onPick: (leaf: FilterLeaf) => void;
}

interface Offer {
  readonly id: string;
  readonly group: string;
  readonly label: string;
  readonly says: string;
  readonly icon: typeof Tag;
  readonly make: () => FilterLeaf;
}

const GROUPS: Readonly<Record<string, string>> = {
  billing: 'Billing',
  person: 'Person',
  engagement: 'Engagement',
  acquisition: 'Where they came from',
};

function offersOf(catalogue: FilterCatalogue): Offer[] {
  return [
    ...catalogue.properties.map((one) => ({
      id: `property:${one.property}`,
      group: one.property.startsWith('company.')
        ? 'Company'
        : one.property.startsWith('traits.')
          ? 'Traits from your app'
          : (GROUPS[one.group] ?? one.group),
      label: one.label,
      says: one.says,
      icon: Tag,
      make: () => freshCondition(one),
    })),
    ...catalogue.events.map((one) => ({
      id: `event:${one.event}`,
      group: 'Did something, or did not',
      label: one.event,
      says: one.says,
      icon: MousePointerClick,
      make: () => freshEvent(one.event),
    })),
    ...catalogue.segments.map((one) => ({
      id: `segment:${one.key}`,
      group: 'Is in another segment',
      label: one.name,
      says: 'People who are in this segment, or are not.',
      icon: SquareStack,
      make: (): FilterLeaf => ({ op: 'segment', segment: one.key, is: 'member' }),
    })),
  ];
}

/** Everything that can be asked about a person, by group, found by typing. */
export function ConditionPicker({ open, catalogue, onClose, onPick }: PickerProps) {
  const [search, setSearch] = useState('');
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const offers = offersOf(catalogue).filter((offer) => {
    const text = `${offer.label} ${offer.says} ${offer.group}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const groups = [...new Set(offers.map((offer) => offer.group))];
  const close = () => {
    setSearch('');
    onClose();
  };
  return (
    <Dialog open={open} onClose={close} title="What should be true about these people?" size="md">
      <Input
        type="search"
        autoFocus
        aria-label="Search"
        placeholder="Search: trial, plan, last seen, invited…"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
        className="sticky top-0 z-10 mb-3"
      />
      {offers.length === 0 && (
        <p className="py-6 text-center text-ink-2">
          Nothing of that name. Events appear here once your app has sent them.
        </p>
      )}
      {groups.map((group) => (
        <section key={group} className="mb-4">
          <h3 className="mb-1 text-xs font-semibold text-ink-3">{group}</h3>
          <ul>
            {offers
              .filter((offer) => offer.group === group)
              .map((offer) => (
                <li key={offer.id}>
                  <button
                    type="button"
                    onClick={() => {
                      onPick(offer.make());
                      close();
                    }}
                    className="flex w-full items-start gap-2.5 rounded-lg px-2 py-1.5 text-left -outline-offset-2 hover:bg-sunken"
                  >
                    <offer.icon className="mt-0.5 size-4 shrink-0 text-ink-3" aria-hidden />
                    <span className="min-w-0">
                      <span className="block font-medium">{offer.label}</span>
                      <span className="block text-[0.8125rem] text-ink-3">{offer.says}</span>
                    </span>
                  </button>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </Dialog>
  );
}

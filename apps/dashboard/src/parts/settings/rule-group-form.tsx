import type { RuleGroup } from '@growthos/contracts/http/settings.ts';
import { RotateCcw } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useSaveSettings } from '../../api/settings.ts';
import { Button } from '../../design/button.tsx';
import { SectionCard } from '../../design/card.tsx';
import { toast } from '../../design/toast.tsx';
import { SettingInput } from './setting-input.tsx';

type Tree = { [key: string]: unknown };

/** `discounts.repeating` and its value, back into the object that the server takes. */
function put(tree: Tree, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    tree[head] = value;
    return;
  }
  const below = tree[head];
  const child: Tree = typeof below === 'object' && below !== null ? (below as Tree) : {};
  tree[head] = child;
  put(child, rest, value);
}

/** A group of rules, each with its sentence. Saved together; the server says which one is wrong. */
export function RuleGroupForm({ group, canEdit }: { group: RuleGroup; canEdit: boolean }) {
  const save = useSaveSettings(`rules/${group.group}`);
  const [values, setValues] = useState<Readonly<Record<string, unknown>>>(() =>
    Object.fromEntries(group.fields.map((field) => [field.path, field.value])),
  );
  const [fresh, setFresh] = useState(0);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body: Tree = {};
    for (const field of group.fields) put(body, field.path.split('.'), values[field.path]);
    save.mutate(body, { onSuccess: () => toast('Saved. Figures follow within moments.') });
  };
  const toDefaults = () => {
    setValues(Object.fromEntries(group.fields.map((field) => [field.path, field.default])));
    setFresh(fresh + 1);
  };
  return (
    <SectionCard title={group.title} says={group.says}>
      <form onSubmit={submit}>
        <div key={fresh} className="divide-y">
          {group.fields.map((field) => (
            <div key={field.path} className="py-4 first:pt-1">
              <SettingInput
                field={field}
                value={values[field.path]}
                isDisabled={!canEdit}
                hasNumbers={group.group === 'engagement'}
                onChange={(value) => setValues((old) => ({ ...old, [field.path]: value }))}
              />
            </div>
          ))}
        </div>
        {save.error !== null && (
          <p role="alert" className="mb-3 text-bad">
            {save.error.message}
          </p>
        )}
        {canEdit && (
          <div className="flex flex-wrap gap-2 border-t pt-4">
            <Button type="submit" look="primary" busy={save.isPending}>
              Save
            </Button>
            <Button look="quiet" onClick={toDefaults}>
              <RotateCcw aria-hidden /> Back to the defaults
            </Button>
          </div>
        )}
      </form>
    </SectionCard>
  );
}

import type { SettingField } from '@growthos/contracts/http/settings.ts';
import { ArrowDown, ArrowUp, Plus, X } from 'lucide-react';
import { Button, IconButton } from '../../design/button.tsx';
import { Input } from '../../design/field.tsx';

interface ChannelRule {
  readonly channel: string;
  readonly [condition: string]: unknown;
}

const isRule = (value: unknown): value is ChannelRule =>
  typeof value === 'object' && value !== null && 'channel' in value && typeof value.channel === 'string';

/** Whether a list is the channel map: its entries, or those of its default, name a channel. */
export const isChannelRules = (field: SettingField): boolean =>
  field.path === 'rules' || (Array.isArray(field.default) && field.default.some(isRule));

const CONDITIONS = [
  ['source', 'utm_source is', 'google'],
  ['medium', 'utm_medium is', 'cpc'],
  ['campaign', 'utm_campaign is', 'launch'],
  ['referrer', 'came from', 'news.ycombinator.com'],
] as const;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A condition that is empty matches anything: it is left out. */
function withCondition(rule: ChannelRule, key: string, text: string): ChannelRule {
  const { [key]: _, ...rest } = rule;
  return text === '' ? { ...rest, channel: rule.channel } : { ...rule, [key]: text };
}

interface ChannelRulesProps {
  readonly value: unknown;
  readonly isDisabled: boolean;
  readonly onChange: (value: unknown) => void;
}

/** From the first visit to a channel: the first line that matches wins. An empty list is the built-in map. */
export function ChannelRules({ value, isDisabled, onChange }: ChannelRulesProps) {
  const rules = Array.isArray(value) ? value.filter(isRule) : [];
  const set = (at: number, next: Partial<ChannelRule>) =>
    onChange(rules.map((rule, index) => (index === at ? { ...rule, ...next } : rule)));
  const move = (from: number, to: number) => {
    const rule = rules[from];
    if (rule !== undefined) onChange(rules.toSpliced(from, 1).toSpliced(to, 0, rule));
  };
  return (
    <div className="space-y-2">
      {rules.length === 0 && <p className="text-ink-2">The built-in map is in use. Add a line to make your own.</p>}
      {rules.map((rule, index) => (
        <div key={index} className="space-y-2 rounded-lg border p-3">
          <div className="flex items-center gap-1.5">
            <span className="text-ink-3">{index + 1}.</span>
            <Input
              aria-label="Channel"
              placeholder="Paid search"
              disabled={isDisabled}
              value={rule.channel}
              onChange={(event) => set(index, { channel: event.target.value })}
            />
            {!isDisabled && (
              <>
                <IconButton size="iconSm" label="Move up" disabled={index === 0} onClick={() => move(index, index - 1)}>
                  <ArrowUp aria-hidden />
                </IconButton>
                <IconButton
                  size="iconSm"
                  label="Move down"
                  disabled={index === rules.length - 1}
                  onClick={() => move(index, index + 1)}
                >
                  <ArrowDown aria-hidden />
                </IconButton>
                <IconButton
                  size="iconSm"
                  label="Remove"
                  onClick={() => onChange(rules.filter((_, at) => at !== index))}
                >
                  <X aria-hidden />
                </IconButton>
              </>
            )}
          </div>
          {CONDITIONS.map(([key, label, example]) => (
            <label key={key} className="grid items-center gap-x-3 gap-y-0.5 sm:grid-cols-[7rem_minmax(0,1fr)]">
              <span className="text-[0.8125rem] text-ink-2">{label}</span>
              <Input
                disabled={isDisabled}
                placeholder={`anything, or ${example}`}
                value={textOf(rule[key])}
                onChange={(event) =>
                  onChange(rules.map((one, at) => (at === index ? withCondition(one, key, event.target.value) : one)))
                }
              />
            </label>
          ))}
        </div>
      ))}
      {!isDisabled && (
        <Button size="sm" onClick={() => onChange([...rules, { channel: '' }])}>
          <Plus aria-hidden /> Add a line
        </Button>
      )}
    </div>
  );
}

import type { EmailBlock, EmailContent, PromotionChoice } from '@growthos/contracts/sequence/content.ts';
import type { Step } from '@growthos/contracts/sequence/step.ts';
import { ArrowDown, ArrowUp, Plus, X } from 'lucide-react';
import { Button, IconButton } from '../../design/button.tsx';
import { Field, Input, Select, TextArea } from '../../design/field.tsx';
import { Menu, MenuItem } from '../../design/menu.tsx';
import { Switch } from '../../design/switch.tsx';

type EmailStep = Extract<Step, { kind: 'email' }>;

const FILL_IN = 'Words in {{ }} are filled in for each person: {{ contact.name | first_name | default: "there" }}.';

/** Another look for the same words: nothing that was written is lost. */
function inFormat(content: EmailContent, format: EmailContent['format']): EmailContent {
  if (format === content.format) return content;
  if (content.format === 'plain') {
    const text = content.text.trim() === '' ? 'Your text' : content.text;
    return { format: 'designed', subject: content.subject, blocks: [{ kind: 'text', text }] };
  }
  const lines = content.blocks.map((block) => {
    if (block.kind === 'button') return `${block.label}: ${block.url}`;
    if (block.kind === 'code') return `${block.label}: ${block.code}`;
    return block.kind === 'divider' ? '' : block.text;
  });
  return { format: 'plain', subject: content.subject, text: lines.join('\n\n').trim() || 'Your text' };
}

/** What the e-mail says, from whom it comes, and a personal discount where there is one. */
export function EmailFields({ step, onChange }: { step: EmailStep; onChange: (step: EmailStep) => void }) {
  const { content } = step;
  return (
    <div className="space-y-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Look">
          {(ids) => (
            <Select
              {...ids}
              value={content.format}
              onChange={(event) =>
                onChange({
                  ...step,
                  content: inFormat(content, event.target.value === 'designed' ? 'designed' : 'plain'),
                })
              }
            >
              <option value="plain">As if you had typed it</option>
              <option value="designed">Designed, with headings and buttons</option>
            </Select>
          )}
        </Field>
        <Field label="From">
          {(ids) => (
            <Select
              {...ids}
              value={step.sender}
              onChange={(event) => onChange({ ...step, sender: event.target.value === 'founder' ? 'founder' : 'team' })}
            >
              <option value="team">The team</option>
              <option value="founder">The founder, personally</option>
            </Select>
          )}
        </Field>
      </div>
      <Field label="Subject">
        {(ids) => (
          <Input
            {...ids}
            required
            maxLength={300}
            value={content.subject}
            onChange={(event) => onChange({ ...step, content: { ...content, subject: event.target.value } })}
          />
        )}
      </Field>
      {content.format === 'plain' ? (
        <Field label="Text" hint={FILL_IN}>
          {(ids) => (
            <TextArea
              {...ids}
              required
              className="min-h-44"
              value={content.text}
              onChange={(event) => onChange({ ...step, content: { ...content, text: event.target.value } })}
            />
          )}
        </Field>
      ) : (
        <DesignedFields content={content} onChange={(next) => onChange({ ...step, content: next })} />
      )}
      <PromotionFields
        value={step.promotion}
        onChange={(promotion) => {
          const { promotion: _, ...rest } = step;
          onChange(promotion === undefined ? rest : { ...rest, promotion });
        }}
      />
    </div>
  );
}

type Designed = Extract<EmailContent, { format: 'designed' }>;

const BLOCKS = {
  heading: { label: 'Heading', make: (): EmailBlock => ({ kind: 'heading', text: 'Heading' }) },
  text: { label: 'Text', make: (): EmailBlock => ({ kind: 'text', text: 'Your text' }) },
  button: { label: 'Button', make: (): EmailBlock => ({ kind: 'button', label: 'Open', url: 'https://' }) },
  code: {
    label: 'Discount code',
    make: (): EmailBlock => ({ kind: 'code', label: 'Your code', code: '{{ promotion.code }}' }),
  },
  divider: { label: 'Line', make: (): EmailBlock => ({ kind: 'divider' }) },
} as const;

function DesignedFields({ content, onChange }: { content: Designed; onChange: (content: Designed) => void }) {
  const { blocks } = content;
  const set = (next: EmailBlock[]) => next.length > 0 && onChange({ ...content, blocks: next });
  const move = (from: number, to: number) => {
    const next = [...blocks];
    const [block] = next.splice(from, 1);
    if (block !== undefined) next.splice(to, 0, block);
    set(next);
  };
  return (
    <>
      <Field label="Preview line (optional)" hint="Shown beside the subject in most inboxes.">
        {(ids) => (
          <Input
            {...ids}
            maxLength={300}
            value={content.preheader ?? ''}
            onChange={(event) => {
              const { preheader: _, ...rest } = content;
              onChange(event.target.value === '' ? rest : { ...rest, preheader: event.target.value });
            }}
          />
        )}
      </Field>
      <fieldset className="min-w-0 space-y-2">
        <legend className="mb-1 font-medium">Content</legend>
        <p className="text-[0.8125rem] text-ink-3">{FILL_IN}</p>
        {blocks.map((block, index) => (
          <div key={index} className="flex gap-1 rounded-lg border bg-bg p-2">
            <div className="min-w-0 flex-1 space-y-1.5">
              <p className="text-xs font-medium text-ink-3">{BLOCKS[block.kind].label}</p>
              <BlockFields
                block={block}
                onChange={(next) => set(blocks.map((one, at) => (at === index ? next : one)))}
              />
            </div>
            <div className="flex flex-col">
              <IconButton label="Move up" size="iconSm" disabled={index === 0} onClick={() => move(index, index - 1)}>
                <ArrowUp aria-hidden />
              </IconButton>
              <IconButton
                label="Move down"
                size="iconSm"
                disabled={index === blocks.length - 1}
                onClick={() => move(index, index + 1)}
              >
                <ArrowDown aria-hidden />
              </IconButton>
              <IconButton
                label="Remove"
                size="iconSm"
                disabled={blocks.length === 1}
                onClick={() => set(blocks.filter((_, at) => at !== index))}
              >
                <X aria-hidden />
              </IconButton>
            </div>
          </div>
        ))}
        <Menu
          align="start"
          trigger={
            <Button size="sm">
              <Plus aria-hidden /> Add
            </Button>
          }
        >
          {Object.values(BLOCKS).map(({ label, make }) => (
            <MenuItem key={label} onSelect={() => set([...blocks, make()])}>
              {label}
            </MenuItem>
          ))}
        </Menu>
      </fieldset>
    </>
  );
}

function BlockFields({ block, onChange }: { block: EmailBlock; onChange: (block: EmailBlock) => void }) {
  switch (block.kind) {
    case 'heading':
      return (
        <Input
          aria-label="Heading"
          required
          value={block.text}
          onChange={(event) => onChange({ ...block, text: event.target.value })}
        />
      );
    case 'text':
      return (
        <TextArea
          aria-label="Text"
          required
          value={block.text}
          onChange={(event) => onChange({ ...block, text: event.target.value })}
        />
      );
    case 'button':
      return (
        <div className="grid gap-2 sm:grid-cols-2">
          <Input
            aria-label="Words on the button"
            required
            value={block.label}
            onChange={(event) => onChange({ ...block, label: event.target.value })}
          />
          <Input
            aria-label="Where it leads"
            required
            value={block.url}
            onChange={(event) => onChange({ ...block, url: event.target.value })}
          />
        </div>
      );
    case 'code':
      return (
        <div className="grid gap-2 sm:grid-cols-2">
          <Input
            aria-label="Words above the code"
            required
            value={block.label}
            onChange={(event) => onChange({ ...block, label: event.target.value })}
          />
          <Input
            aria-label="Code"
            required
            value={block.code}
            onChange={(event) => onChange({ ...block, code: event.target.value })}
          />
        </div>
      );
    case 'divider':
      return <hr className="my-2" />;
  }
}

interface PromotionProps {
  readonly value: PromotionChoice | undefined;
  readonly onChange: (value: PromotionChoice | undefined) => void;
}

/** A discount by how engaged the person is: with codes that the team made in Stripe; none is ever made here. */
function PromotionFields({ value, onChange }: PromotionProps) {
  return (
    <div className="space-y-3 border-t pt-4">
      <Switch
        checked={value !== undefined}
        onChange={(isOn) =>
          onChange(
            isOn
              ? { tiers: [{ engagementScoreMin: 60, code: '' }], ifInvalid: 'send_without', perContactMax: 1 }
              : undefined,
          )
        }
        label="Personal discount"
        says="A promotion code that you made in Stripe. It is checked there before each message."
      />
      {value?.tiers.map((tier, index) => (
        <div key={index} className="flex flex-wrap items-center gap-2">
          <span>Engagement of at least</span>
          <Input
            aria-label="Engagement score"
            type="number"
            min={0}
            max={100}
            required
            className="w-20"
            value={tier.engagementScoreMin}
            onChange={(event) =>
              onChange({
                ...value,
                tiers: value.tiers.map((one, at) =>
                  at === index ? { ...one, engagementScoreMin: event.target.valueAsNumber || 0 } : one,
                ),
              })
            }
          />
          <span>gets</span>
          <Input
            aria-label="Promotion code"
            required
            placeholder="STAY20"
            className="w-36"
            value={tier.code}
            onChange={(event) =>
              onChange({
                ...value,
                tiers: value.tiers.map((one, at) => (at === index ? { ...one, code: event.target.value } : one)),
              })
            }
          />
          {value.tiers.length > 1 && (
            <IconButton
              label="Remove"
              size="iconSm"
              onClick={() => onChange({ ...value, tiers: value.tiers.filter((_, at) => at !== index) })}
            >
              <X aria-hidden />
            </IconButton>
          )}
        </div>
      ))}
      {value !== undefined && (
        <div className="flex flex-wrap items-end gap-3">
          <Button
            size="sm"
            look="quiet"
            onClick={() => onChange({ ...value, tiers: [...value.tiers, { engagementScoreMin: 0, code: '' }] })}
          >
            <Plus aria-hidden /> Another code
          </Button>
          <Field label="If the code cannot be used">
            {(ids) => (
              <Select
                {...ids}
                className="w-auto"
                value={value.ifInvalid}
                onChange={(event) =>
                  onChange({ ...value, ifInvalid: event.target.value === 'skip' ? 'skip' : 'send_without' })
                }
              >
                <option value="send_without">Send without it</option>
                <option value="skip">Do not send</option>
              </Select>
            )}
          </Field>
        </div>
      )}
    </div>
  );
}

import type { ChannelRow } from '@growthos/contracts/http/ltv-by-channel.ts';
import type { MoneyView } from '@growthos/contracts/http/money-view.ts';
import type { Filter } from '@growthos/contracts/filter/filter.ts';
import { Link } from '@tanstack/react-router';
import { ChartNoAxesColumn, SquareStack } from 'lucide-react';
import { useMayEdit } from '../api/session.ts';
import { useLtvByChannel } from '../api/settings.ts';
import { buttonClass } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { Table, Td, Th, Tr } from '../design/table.tsx';
import { Answer } from '../parts/answer.tsx';
import { Page } from '../parts/page.tsx';

/** The row's filter as the server made it; the contract keeps it loose because segments own its shape. */
const asFilter = (value: unknown): Filter => value as Filter;

/** Which acquisition channel brings the customers who are worth the most; each row can become a segment. */
export function ValueByChannelPage() {
  const channels = useLtvByChannel();
  return (
    <Page
      wide
      title="Value by channel"
      says="Where your most valuable customers come from. Make a segment of a row to write to exactly these people."
    >
      <Answer query={channels}>
        {(data) =>
          data.rows.length === 0 ? (
            <Card>
              <EmptyState
                icon={<ChartNoAxesColumn />}
                title="Nobody to compare yet"
                action={
                  <Link to="/settings" search={{ tab: 'keys' }} className={buttonClass({ look: 'primary' })}>
                    Install the snippet
                  </Link>
                }
              >
                Once Stripe is connected and the snippet is in your pages, you see here what each channel brings.
              </EmptyState>
            </Card>
          ) : (
            <Card>
              <ChannelTable rows={data.rows} definition={data.definition} />
            </Card>
          )
        }
      </Answer>
    </Page>
  );
}

function Money({ amounts }: { amounts: readonly MoneyView[] }) {
  if (amounts.length === 0) return <span className="text-ink-3">–</span>;
  return amounts.map((amount) => (
    <span key={amount.currency} className="block whitespace-nowrap">
      {amount.formatted}
    </span>
  ));
}

function ChannelTable({ rows, definition }: { rows: readonly ChannelRow[]; definition: string }) {
  const mayEdit = useMayEdit();
  return (
    <>
      <Table
        caption="Lifetime value by acquisition channel"
        head={
          <>
            <Th>Channel</Th>
            <Th className="text-right">People</Th>
            <Th className="text-right">Paying</Th>
            <Th className="text-right">Lifetime value</Th>
            <Th className="text-right">For each paying</Th>
            <Th className="text-right">A month now</Th>
            {mayEdit && (
              <Th>
                <span className="sr-only">Make a segment</span>
              </Th>
            )}
          </>
        }
      >
        {rows.map((row) => (
          <Tr key={row.channel ?? ''}>
            <Td className="font-medium">{row.label}</Td>
            <Td label="People" className="text-right tabular-nums">
              {row.contactCount.toLocaleString('en')}
            </Td>
            <Td label="Paying" className="text-right whitespace-nowrap tabular-nums">
              {row.payingCount.toLocaleString('en')} <span className="text-ink-3">({row.payingShare})</span>
            </Td>
            <Td label="Lifetime value" className="text-right font-semibold tabular-nums">
              <Money amounts={row.ltv} />
            </Td>
            <Td label="For each paying" className="text-right tabular-nums">
              <Money amounts={row.ltvPerPaying} />
            </Td>
            <Td label="A month now" className="text-right tabular-nums">
              <Money amounts={row.mrr} />
            </Td>
            {mayEdit && (
              <Td className="sm:text-right">
                <Link
                  to="/segments/new"
                  state={{
                    segmentDraft: {
                      name: `Came by ${row.label}`,
                      description: 'From the table of value by channel.',
                      definition: asFilter(row.filter),
                    },
                  }}
                  className={buttonClass({ size: 'sm' })}
                  aria-label={`Make a segment of ${row.label}`}
                >
                  <SquareStack aria-hidden /> Make a segment
                </Link>
              </Td>
            )}
          </Tr>
        ))}
      </Table>
      <p className="border-t px-4 py-3 text-[0.8125rem] text-ink-3">{definition}</p>
    </>
  );
}

import { useAudit } from '../../api/settings.ts';
import { SectionCard } from '../../design/card.tsx';
import { DayTime } from '../../design/time-ago.tsx';
import { Answer } from '../answer.tsx';
import { LoadMore } from '../load-more.tsx';

/** Who did what, newest first. */
export function AuditList() {
  const audit = useAudit();
  return (
    <SectionCard title="Who did what" bodyClassName="px-0 pb-0">
      <Answer query={audit}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.rows);
          if (rows.length === 0) return <p className="px-4 pb-4 text-ink-2">Nothing yet.</p>;
          return (
            <>
              <ol className="divide-y">
                {rows.map((row) => (
                  <li key={row.id} className="flex flex-wrap justify-between gap-x-4 px-4 py-2">
                    <span className="min-w-0">
                      <span className="font-medium">{row.who}:</span> {row.text}
                    </span>
                    <DayTime at={row.at} className="text-[0.8125rem] text-ink-3" />
                  </li>
                ))}
              </ol>
              <LoadMore query={audit} />
            </>
          );
        }}
      </Answer>
    </SectionCard>
  );
}

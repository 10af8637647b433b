import { useMessage } from '../api/messages.ts';
import { Dialog } from '../design/dialog.tsx';
import { Notice } from '../design/notice.tsx';
import { DayTime } from '../design/time-ago.tsx';
import { Answer } from './answer.tsx';
import { ContactLink } from './contact-link.tsx';
import { Facts } from './facts.tsx';
import { MailViews } from './mail-views.tsx';
import { plainWords } from './plain-words.ts';
import { SendAgain } from './send-again.tsx';

/** One message: what was said, to whom, and everything that happened to it. */
export function MessageDialog({ id, onClose }: { id: string | undefined; onClose: () => void }) {
  const message = useMessage(id);
  return (
    <Dialog
      open={id !== undefined}
      onClose={onClose}
      title={plainWords(message.data?.title ?? 'Message')}
      place="side"
      size="lg"
    >
      {id !== undefined && (
        <Answer query={message}>
          {(data) => (
            <div className="space-y-5">
              {(data.reason !== null || data.canSendAgain) && (
                <Notice tone={data.status === 'failed' ? 'bad' : 'warn'} action={<SendAgain message={data} />}>
                  {data.reason ?? data.statusLabel}
                </Notice>
              )}
              <Facts
                facts={[
                  ['Person', <ContactLink key="who" contact={data.contact} />],
                  ['State', data.statusLabel],
                  ['Channel', data.channelLabel],
                  ...(data.to === null ? [] : ([['To', data.to]] as const)),
                  ...(data.from === null ? [] : ([['From', data.from]] as const)),
                  ...(data.sequence === null ? [] : ([['Sequence', data.sequence.name]] as const)),
                ]}
              />
              <MailViews mail={data} subject={data.title} />
              <section>
                <h3 className="mb-1 font-semibold">What happened</h3>
                {data.history.length === 0 ? (
                  <p className="text-ink-2">Nothing yet.</p>
                ) : (
                  <ol className="divide-y">
                    {data.history.map((one) => (
                      <li key={`${one.at}:${one.text}`} className="flex flex-wrap justify-between gap-x-4 py-1.5">
                        <span className="min-w-0">{one.text}</span>
                        <DayTime at={one.at} className="text-[0.8125rem] text-ink-3" />
                      </li>
                    ))}
                  </ol>
                )}
              </section>
            </div>
          )}
        </Answer>
      )}
    </Dialog>
  );
}

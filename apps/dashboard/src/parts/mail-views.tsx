import { useState } from 'react';
import { TabPanel, Tabs } from '../design/tabs.tsx';
import { Facts } from './facts.tsx';
import { MailFrame } from './mail-frame.tsx';

interface Mail {
  readonly html: string | null;
  readonly text: string | null;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

type View = 'html' | 'text' | 'headers';

/** An e-mail in its three forms: as designed, as text, and its headers. */
export function MailViews({ mail, subject }: { mail: Mail; subject: string }) {
  const tabs = [
    ...(mail.html === null ? [] : ([{ id: 'html', label: 'As it looks' }] as const)),
    ...(mail.text === null ? [] : ([{ id: 'text', label: 'Text' }] as const)),
    ...(mail.headers.length === 0 ? [] : ([{ id: 'headers', label: 'Headers' }] as const)),
  ];
  const [chosen, setView] = useState<View>('html');
  const view = tabs.find((tab) => tab.id === chosen)?.id ?? tabs[0]?.id;
  if (view === undefined) return null;
  return (
    <Tabs<View> label="Forms of the message" value={view} tabs={tabs} onChange={setView}>
      <TabPanel value="html">{mail.html !== null && <MailFrame html={mail.html} title={subject} />}</TabPanel>
      <TabPanel value="text">
        <div className="rounded-lg border bg-bg p-4 whitespace-pre-wrap">{mail.text}</div>
      </TabPanel>
      <TabPanel value="headers">
        <Facts
          facts={mail.headers.map((header, index) => [
            `${header.name}${' '.repeat(index)}`,
            <span key={index} className="font-mono text-xs break-all">
              {header.value}
            </span>,
          ])}
        />
      </TabPanel>
    </Tabs>
  );
}

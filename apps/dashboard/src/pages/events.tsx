import { getRouteApi } from '@tanstack/react-router';
import { useMayAdminister } from '../api/session.ts';
import { TabPanel, Tabs } from '../design/tabs.tsx';
import { BusEventDialog, LedgerEventDialog } from '../parts/event-dialogs.tsx';
import { BusList } from '../parts/events/bus-list.tsx';
import { LedgerList } from '../parts/events/ledger-list.tsx';
import { ReplayPanel } from '../parts/events/replay-panel.tsx';
import { StuckList } from '../parts/events/stuck-list.tsx';
import { Page } from '../parts/page.tsx';

const route = getRouteApi('/app/events');
const TABS = [
  { id: 'in', label: 'Came in' },
  { id: 'bus', label: 'Made of it' },
  { id: 'stuck', label: 'Needs a person' },
  { id: 'again', label: 'Tell again' },
] as const;
type Tab = (typeof TABS)[number]['id'];

/** Every event with its raw data, from Stripe and from the app; what was made of it; and what could not be read. */
export function EventsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayAdminister = useMayAdminister();
  const tabs = TABS.filter((tab) => tab.id !== 'again' || mayAdminister);
  const shown: Tab = tabs.find((tab) => tab.id === search.tab)?.id ?? 'in';
  const close = () => void navigate({ search: (old) => ({ ...old, seq: undefined, id: undefined }), replace: true });
  return (
    <Page
      wide
      title="Events"
      says="Everything that Stripe and your app told us, as it was said, and what we made of it."
    >
      <Tabs
        label="Which events"
        value={shown}
        tabs={tabs}
        onChange={(tab) => void navigate({ search: { tab }, replace: true })}
      >
        <TabPanel value="in">
          <LedgerList />
        </TabPanel>
        <TabPanel value="bus">
          <BusList />
        </TabPanel>
        <TabPanel value="stuck">
          <StuckList />
        </TabPanel>
        <TabPanel value="again">
          <ReplayPanel />
        </TabPanel>
      </Tabs>
      <LedgerEventDialog seq={search.seq} onClose={close} />
      <BusEventDialog id={search.id} onClose={close} />
    </Page>
  );
}

import type { RuleGroupName, Settings } from '@growthos/contracts/http/settings.ts';
import { getRouteApi } from '@tanstack/react-router';
import { useSendingRules, useSettings } from '../api/settings.ts';
import { Notice } from '../design/notice.tsx';
import { TabPanel, Tabs } from '../design/tabs.tsx';
import { Answer } from '../parts/answer.tsx';
import { Page } from '../parts/page.tsx';
import { AuditList } from '../parts/settings/audit-list.tsx';
import { Suppressions, TeamDestinations, WebhookEndpoints } from '../parts/settings/destinations.tsx';
import { KeyList } from '../parts/settings/key-list.tsx';
import { MailReports } from '../parts/settings/mail-reports.tsx';
import { MemberList } from '../parts/settings/member-list.tsx';
import { RuleGroupForm } from '../parts/settings/rule-group-form.tsx';
import { SendingForm } from '../parts/settings/sending-form.tsx';
import { TierForm } from '../parts/settings/tier-form.tsx';
import { WorkspaceForm } from '../parts/settings/workspace-form.tsx';

const route = getRouteApi('/app/settings');

const TABS = [
  { id: 'billing', label: 'Billing rules' },
  { id: 'tiers', label: 'Plan tiers' },
  { id: 'identity', label: 'Recognising people' },
  { id: 'channels', label: 'Channels' },
  { id: 'engagement', label: 'Engagement' },
  { id: 'sending', label: 'Sending' },
  { id: 'keys', label: 'Snippet and keys' },
  { id: 'members', label: 'People' },
  { id: 'workspace', label: 'Workspace' },
] as const;
type Tab = (typeof TABS)[number]['id'];
const RULES = new Set<string>(['billing', 'identity', 'channels', 'engagement'] satisfies RuleGroupName[]);

/** Everything that can be set, each rule with a sentence that says what it does. */
export function SettingsPage() {
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  const settings = useSettings();
  return (
    <Page title="Settings">
      <Answer query={settings}>
        {(data) => {
          const groups = new Set<string>(data.rules.map((group) => group.group));
          const tabs = TABS.filter((one) => !RULES.has(one.id) || groups.has(one.id));
          const shown: Tab = tabs.find((one) => one.id === tab)?.id ?? tabs[0]?.id ?? 'workspace';
          return (
            <>
              {!data.canEdit && (
                <Notice className="mb-5">You can look at everything here. An admin or owner can change it.</Notice>
              )}
              <Tabs
                label="Settings"
                value={shown}
                tabs={tabs}
                onChange={(next) => void navigate({ search: { tab: next }, replace: true })}
              >
                <TabPanel value={shown} className="space-y-5">
                  <Panel tab={shown} settings={data} />
                </TabPanel>
              </Tabs>
            </>
          );
        }}
      </Answer>
    </Page>
  );
}

function Panel({ tab, settings }: { tab: Tab; settings: Settings }) {
  const { canEdit } = settings;
  switch (tab) {
    case 'tiers':
      return <TierForm settings={settings} />;
    case 'sending':
      return <Sending canEdit={canEdit} />;
    case 'keys':
      return <KeyList canEdit={canEdit} />;
    case 'members':
      return (
        <>
          <MemberList canEdit={canEdit} />
          <AuditList />
        </>
      );
    case 'workspace':
      return <WorkspaceForm settings={settings} />;
    default: {
      const group = settings.rules.find((one) => one.group === tab);
      return group === undefined ? null : <RuleGroupForm key={group.group} group={group} canEdit={canEdit} />;
    }
  }
}

function Sending({ canEdit }: { canEdit: boolean }) {
  const rules = useSendingRules();
  return (
    <>
      <Answer query={rules}>{(data) => <SendingForm rules={data} canEdit={canEdit} />}</Answer>
      <TeamDestinations canEdit={canEdit} />
      <WebhookEndpoints canEdit={canEdit} />
      <MailReports canEdit={canEdit} />
      <Suppressions canEdit={canEdit} />
    </>
  );
}

import { ArrowLeftRight, CircleCheck, CircleDashed, LogOut, Moon, Sun, TriangleAlert } from 'lucide-react';
import type { Session } from '@growthos/contracts/http/session.ts';
import { useHealth } from '../api/health.ts';
import { useSignOut, useSwitchWorkspace } from '../api/session.ts';
import { Badge } from '../design/badge.tsx';
import { Button, IconButton } from '../design/button.tsx';
import { useTheme } from '../design/theme.ts';

/** Where I am and who I am: workspace, live or test data, whether the server keeps up, theme, sign out. */
export function SessionBar({ session }: { session: Session }) {
  const { theme, toggle } = useTheme();
  const signOut = useSignOut();
  const goTo = useSwitchWorkspace();
  const { workspace, person } = session;
  const twin = session.workspaces.find((candidate) => candidate.id === workspace.twinId);
  const others = session.workspaces.filter((one) => one.id !== workspace.id && one.id !== twin?.id);
  return (
    <div className="space-y-2.5 border-t px-4 py-3">
      <div className="flex items-center justify-between gap-2">
        <p className="min-w-0 truncate font-semibold" title={workspace.name}>
          {workspace.name}
        </p>
        <Badge tone={workspace.mode === 'live' ? 'good' : 'warn'}>{workspace.mode === 'live' ? 'Live' : 'Test'}</Badge>
      </div>
      {[...(twin === undefined ? [] : [twin]), ...others].map((other) => (
        <Button
          key={other.id}
          size="sm"
          className="w-full justify-start"
          busy={goTo.isPending}
          onClick={() => goTo.mutate({ workspaceId: other.id }, { onSuccess: () => window.location.assign('/') })}
        >
          <ArrowLeftRight aria-hidden />
          <span className="truncate">
            {other === twin ? `Go to ${other.mode} data` : `${other.name} (${other.mode})`}
          </span>
        </Button>
      ))}
      <Freshness />
      <div className="flex items-center justify-between gap-2">
        <p className="min-w-0 truncate text-[0.8125rem] text-ink-3" title={person.email}>
          {person.name}
        </p>
        <div className="flex">
          <IconButton
            size="iconSm"
            label={theme === 'dark' ? 'Use light colours' : 'Use dark colours'}
            onClick={toggle}
          >
            {theme === 'dark' ? <Sun aria-hidden /> : <Moon aria-hidden />}
          </IconButton>
          <IconButton
            size="iconSm"
            label="Sign out"
            onClick={() => signOut.mutate(undefined, { onSuccess: () => window.location.assign('/sign-in') })}
          >
            <LogOut aria-hidden />
          </IconButton>
        </div>
      </div>
    </div>
  );
}

function Freshness() {
  const { data, isError } = useHealth();
  if (isError) {
    return (
      <p className="flex items-center gap-1.5 text-[0.8125rem] text-bad">
        <TriangleAlert className="size-4 shrink-0" aria-hidden /> Server does not answer
      </p>
    );
  }
  if (data === undefined) {
    return (
      <p className="flex items-center gap-1.5 text-[0.8125rem] text-ink-3">
        <CircleDashed className="size-4 shrink-0" aria-hidden /> Checking
      </p>
    );
  }
  const behind = data.lags.find((lag) => lag.lagS > lag.boundS);
  return data.status === 'ok' ? (
    <p className="flex items-center gap-1.5 text-[0.8125rem] text-good">
      <CircleCheck className="size-4 shrink-0" aria-hidden /> Up to date
    </p>
  ) : (
    <p className="flex items-center gap-1.5 text-[0.8125rem] text-warn" title={behind?.label}>
      <TriangleAlert className="size-4 shrink-0" aria-hidden /> Catching up
    </p>
  );
}

import { Link } from '@tanstack/react-router';
import {
  ChartNoAxesColumn,
  Inbox,
  LayoutDashboard,
  ListTree,
  PlugZap,
  Send,
  Settings,
  SquareStack,
  Users,
  UsersRound,
  Workflow,
} from 'lucide-react';

const GROUPS = [
  {
    label: 'Today',
    links: [{ to: '/', label: 'Overview', icon: LayoutDashboard }],
  },
  {
    label: 'People',
    links: [
      { to: '/contacts', label: 'Contacts', icon: Users },
      { to: '/segments', label: 'Segments', icon: SquareStack },
      { to: '/who-is-who', label: 'Who is who', icon: UsersRound },
      { to: '/channels', label: 'Value by channel', icon: ChartNoAxesColumn },
    ],
  },
  {
    label: 'Messages',
    links: [
      { to: '/sequences', label: 'Sequences', icon: Workflow },
      { to: '/messages', label: 'Sent and planned', icon: Send },
      { to: '/inbox', label: 'Captured e-mail', icon: Inbox },
    ],
  },
  {
    label: 'Set-up',
    links: [
      { to: '/connect', label: 'Stripe', icon: PlugZap },
      { to: '/events', label: 'Events', icon: ListTree },
      { to: '/settings', label: 'Settings', icon: Settings },
    ],
  },
] as const;

export function Navigation() {
  return (
    <nav aria-label="Pages" className="flex-1 px-2.5 py-2">
      {GROUPS.map((group) => (
        <div key={group.label} className="mb-3">
          <p className="px-2.5 pt-1 pb-1 text-xs font-medium text-ink-3">{group.label}</p>
          <ul>
            {group.links.map(({ to, label, icon: Icon }) => (
              <li key={to}>
                <Link
                  to={to}
                  activeOptions={{ exact: to === '/', includeSearch: false }}
                  className="flex min-h-9 items-center gap-2.5 rounded-lg px-2.5 font-medium text-ink-2 hover:bg-sunken hover:text-ink data-[status=active]:bg-accent-soft data-[status=active]:text-accent-ink"
                >
                  <Icon className="size-4.5 shrink-0" aria-hidden />
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

import type { Role } from '@growthos/contracts/http/session.ts';
import type { Members } from '@growthos/contracts/http/members.ts';
import { Trash2, UserPlus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useChangeRole, useInviteMember, useMembers, useRemoveMember, useRevokeInvite } from '../../api/settings.ts';
import { Button, IconButton } from '../../design/button.tsx';
import { SectionCard } from '../../design/card.tsx';
import { Confirm } from '../../design/confirm.tsx';
import { Field, Input, Select } from '../../design/field.tsx';
import { DayTime, TimeAgo } from '../../design/time-ago.tsx';
import { toast } from '../../design/toast.tsx';
import { Answer } from '../answer.tsx';
import { Avatar } from '../avatar.tsx';
import { SecretOnce } from './secret-once.tsx';

const ROLES: readonly { readonly role: Role; readonly label: string }[] = [
  { role: 'viewer', label: 'Viewer: may look' },
  { role: 'editor', label: 'Editor: segments, sequences, contacts' },
  { role: 'admin', label: 'Admin: settings and Stripe too' },
  { role: 'owner', label: 'Owner: everything' },
];
const asRole = (text: string): Role => ROLES.find((one) => one.role === text)?.role ?? 'viewer';

type Member = Members['members'][number];

/** Who works in this workspace, with what rights, and who is invited. */
export function MemberList({ canEdit }: { canEdit: boolean }) {
  const members = useMembers();
  return (
    <SectionCard title="People" says="Who may see and change what in this workspace.">
      <Answer query={members}>
        {(data) => (
          <>
            <ul className="divide-y">
              {data.members.map((member) => (
                <Row key={member.personId} member={member} canEdit={canEdit} />
              ))}
            </ul>
            <Invites invites={data.invites} canEdit={canEdit} />
          </>
        )}
      </Answer>
      {canEdit && <InviteForm />}
    </SectionCard>
  );
}

function Row({ member, canEdit }: { member: Member; canEdit: boolean }) {
  const change = useChangeRole();
  const remove = useRemoveMember();
  const [isAsking, setAsking] = useState(false);
  return (
    <li className="flex flex-wrap items-center gap-3 py-2.5">
      <Avatar name={member.name} />
      <span className="min-w-0 flex-1 basis-40">
        <span className="block font-medium">
          {member.name} {member.isYou && <span className="font-normal text-ink-3">(you)</span>}
        </span>
        <span className="block text-[0.8125rem] break-all text-ink-3">{member.email}</span>
      </span>
      <Select
        aria-label={`Role of ${member.name}`}
        className="w-auto max-w-full"
        disabled={!canEdit || change.isPending}
        value={member.role}
        onChange={(event) =>
          change.mutate(
            { personId: member.personId, role: asRole(event.target.value) },
            { onError: (error) => toast(error.message, 'bad') },
          )
        }
      >
        {ROLES.map(({ role, label }) => (
          <option key={role} value={role}>
            {label}
          </option>
        ))}
      </Select>
      {canEdit && (
        <IconButton label={`Remove ${member.name}`} size="iconSm" onClick={() => setAsking(true)}>
          <Trash2 aria-hidden />
        </IconButton>
      )}
      <Confirm
        open={isAsking}
        onClose={() => setAsking(false)}
        title={`Remove ${member.name} from this workspace?`}
        action="Remove"
        danger
        busy={remove.isPending}
        error={remove.error?.message}
        onConfirm={() => remove.mutate(member.personId, { onSuccess: () => setAsking(false) })}
      >
        They are signed out of it at once. What they made stays.
      </Confirm>
    </li>
  );
}

function Invites({ invites, canEdit }: { invites: Members['invites']; canEdit: boolean }) {
  const revoke = useRevokeInvite();
  if (invites.length === 0) return null;
  return (
    <>
      <h3 className="mt-4 mb-1 text-xs font-semibold text-ink-3">Invited</h3>
      <ul className="divide-y">
        {invites.map((invite) => (
          <li key={invite.id} className="flex flex-wrap items-center justify-between gap-3 py-2">
            <span className="min-w-0">
              <span className="font-medium break-all">{invite.email}</span> as {invite.role}
              <span className="block text-[0.8125rem] text-ink-3">
                invited <TimeAgo at={invite.invitedAt} />, good until <DayTime at={invite.expiresAt} />
              </span>
            </span>
            {canEdit && (
              <Button
                size="sm"
                busy={revoke.isPending && revoke.variables === invite.id}
                onClick={() => revoke.mutate(invite.id)}
              >
                Take back
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function InviteForm() {
  const invite = useInviteMember();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('editor');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate({ email, role }, { onSuccess: () => setEmail('') });
  };
  return (
    <>
      <form onSubmit={submit} className="mt-3 flex flex-wrap items-end gap-2 border-t pt-3">
        <Field label="Invite by e-mail" className="flex-1 basis-52" error={invite.error?.message}>
          {(ids) => (
            <Input {...ids} type="email" required value={email} onChange={(event) => setEmail(event.target.value)} />
          )}
        </Field>
        <Select
          aria-label="Role"
          className="w-auto max-w-full"
          value={role}
          onChange={(event) => setRole(asRole(event.target.value))}
        >
          {ROLES.map((one) => (
            <option key={one.role} value={one.role}>
              {one.label}
            </option>
          ))}
        </Select>
        <Button type="submit" busy={invite.isPending}>
          <UserPlus aria-hidden /> Invite
        </Button>
      </form>
      {invite.data !== undefined && <SecretOnce title="Link for them" secret={invite.data.url} />}
    </>
  );
}

import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useAcceptInvite, useInvite } from '../api/session.ts';
import { Button } from '../design/button.tsx';
import { Field, Input } from '../design/field.tsx';
import { Answer } from '../parts/answer.tsx';
import { FrontDoor } from '../parts/front-door.tsx';

const route = getRouteApi('/invite/$token');

/** Joining a workspace by the link of an invitation. */
export function AcceptInvitePage() {
  const { token } = route.useParams();
  const invite = useInvite(token);
  const accept = useAcceptInvite();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    accept.mutate(
      { token, password, ...(name.trim() === '' ? {} : { name: name.trim() }) },
      { onSuccess: () => void navigate({ to: '/', replace: true }) },
    );
  };
  return (
    <FrontDoor title={invite.data === undefined ? 'Invitation' : `Join ${invite.data.workspaceName}`}>
      <Answer query={invite}>
        {({ email, role, hasAccount }) => (
          <form onSubmit={submit} className="space-y-4">
            <p className="text-ink-2">
              {email} is invited as {role}.
            </p>
            {!hasAccount && (
              <Field label="Your name">
                {(ids) => (
                  <Input
                    {...ids}
                    autoComplete="name"
                    required
                    value={name}
                    onChange={(event) => setName(event.target.value)}
                  />
                )}
              </Field>
            )}
            <Field
              label="Password"
              hint={hasAccount ? 'Of the account you have here.' : 'At least 10 characters.'}
              error={accept.error?.message}
            >
              {(ids) => (
                <Input
                  {...ids}
                  type="password"
                  autoComplete={hasAccount ? 'current-password' : 'new-password'}
                  minLength={10}
                  required
                  value={password}
                  onChange={(event) => setPassword(event.target.value)}
                />
              )}
            </Field>
            <Button type="submit" look="primary" className="w-full" busy={accept.isPending}>
              Join
            </Button>
          </form>
        )}
      </Answer>
    </FrontDoor>
  );
}

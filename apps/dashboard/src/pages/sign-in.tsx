import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { viewerTimezone } from '../api/viewer-timezone.ts';
import { useFirstSignUp, useSessionStart, useSignIn } from '../api/session.ts';
import { Button, buttonClass } from '../design/button.tsx';
import { Field, Input } from '../design/field.tsx';
import { Answer } from '../parts/answer.tsx';
import { FrontDoor } from '../parts/front-door.tsx';

const route = getRouteApi('/sign-in');

/** The way in: sign in, make the first account of a new server, or enter the demo. */
export function SignInPage() {
  const start = useSessionStart();
  return (
    <FrontDoor title={start.data?.state === 'first_run' ? 'Set up GrowthOS' : 'Sign in'}>
      <Answer query={start}>
        {({ state }) => {
          if (state === 'first_run') return <FirstSignUp />;
          if (state === 'demo') return <Demo />;
          return <SignIn />;
        }}
      </Answer>
    </FrontDoor>
  );
}

/** Only addresses of this dashboard: never a link that somebody planted. */
function useGoOn(): () => void {
  const { goTo } = route.useSearch();
  const navigate = useNavigate();
  const target = goTo !== undefined && /^\/(?![/\\])/.test(goTo) && !goTo.startsWith('/sign-in') ? goTo : '/';
  return () => void navigate({ href: target, replace: true });
}

function Demo() {
  return (
    <div className="space-y-4">
      <p className="text-ink-2">This is the demo: a made-up company with made-up people. No password needed.</p>
      <a href="/" className={buttonClass({ look: 'primary', className: 'w-full' })}>
        Enter the demo
      </a>
    </div>
  );
}

function SignIn() {
  const signIn = useSignIn();
  const goOn = useGoOn();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate({ email, password }, { onSuccess: goOn });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <Field label="E-mail">
        {(ids) => (
          <Input
            {...ids}
            type="email"
            autoComplete="username"
            required
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        )}
      </Field>
      <Field label="Password" error={signIn.error?.message}>
        {(ids) => (
          <Input
            {...ids}
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" look="primary" className="w-full" busy={signIn.isPending}>
        Sign in
      </Button>
    </form>
  );
}

function FirstSignUp() {
  const signUp = useFirstSignUp();
  const goOn = useGoOn();
  const [form, setForm] = useState({ name: '', email: '', password: '', workspaceName: '' });
  const set = (key: keyof typeof form) => (event: { target: { value: string } }) =>
    setForm({ ...form, [key]: event.target.value });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signUp.mutate({ ...form, timezone: viewerTimezone }, { onSuccess: goOn });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <p className="text-ink-2">Nobody has an account on this server yet. Yours will be its owner.</p>
      <Field label="Your company">
        {(ids) => (
          <Input
            {...ids}
            autoComplete="organization"
            required
            value={form.workspaceName}
            onChange={set('workspaceName')}
          />
        )}
      </Field>
      <Field label="Your name">
        {(ids) => <Input {...ids} autoComplete="name" required value={form.name} onChange={set('name')} />}
      </Field>
      <Field label="E-mail">
        {(ids) => (
          <Input {...ids} type="email" autoComplete="username" required value={form.email} onChange={set('email')} />
        )}
      </Field>
      <Field label="Password" hint="At least 10 characters." error={signUp.error?.message}>
        {(ids) => (
          <Input
            {...ids}
            type="password"
            autoComplete="new-password"
            minLength={10}
            required
            value={form.password}
            onChange={set('password')}
          />
        )}
      </Field>
      <Button type="submit" look="primary" className="w-full" busy={signUp.isPending}>
        Create the workspace
      </Button>
    </form>
  );
}

-- People who sign in, their sessions and passwords. Written through better-auth, which keeps to these columns; passwords
-- are scrypt hashes. `workspace_id` of a session is the workspace that its browser looks at.
create table person (
  id uuid primary key,
  name text not null,
  email text not null unique,
  email_verified boolean not null default false,
  image text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create table person_session (
  id uuid primary key,
  person_id uuid not null references person (id) on delete cascade,
  token text not null unique,
  expires_at timestamptz not null,
  ip_address text,
  user_agent text,
  workspace_id uuid references workspace (id),
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index person_session_by_person on person_session (person_id);
create table person_account (
  id uuid primary key,
  person_id uuid not null references person (id) on delete cascade,
  account_id text not null,
  provider_id text not null,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  password text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index person_account_by_person on person_account (person_id);
create table person_verification (
  id uuid primary key,
  identifier text not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index person_verification_by_identifier on person_verification (identifier);

-- Who may do what. Twins (live and test) have the same members: both rows are written together.
create table workspace_member (
  workspace_id uuid not null references workspace (id),
  person_id uuid not null references person (id) on delete cascade,
  role text not null check (role in ('owner', 'admin', 'editor', 'viewer')),
  since timestamptz not null,
  primary key (workspace_id, person_id)
);
create index workspace_member_by_person on workspace_member (person_id);

create table workspace_invite (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  email text not null,
  role text not null check (role in ('owner', 'admin', 'editor', 'viewer')),
  -- SHA-256 of the token in the link: the link itself is shown once
  token_hash text not null unique,
  invited_by uuid references person (id) on delete set null,
  invited_at timestamptz not null,
  expires_at timestamptz not null,
  accepted_at timestamptz
);
create unique index workspace_invite_open on workspace_invite (workspace_id, email) where accepted_at is null;

-- Secret keys for programs. Only the SHA-256 is kept: the key is 32 random bytes, so a slow hash would add nothing.
create table api_key (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  name text not null,
  hint text not null,
  key_hash text not null unique,
  scope text not null check (scope in ('read', 'write', 'admin')),
  created_by uuid references person (id) on delete set null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index api_key_by_workspace on api_key (workspace_id) where revoked_at is null;

-- Public keys: they stand in web pages, and can only send product events.
create table write_key (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  name text not null,
  key text not null unique,
  created_at timestamptz not null,
  revoked_at timestamptz
);
create index write_key_by_workspace on write_key (workspace_id) where revoked_at is null;

-- What people and keys did. Only appended to. `text` is a sentence without secrets.
create table audit_entry (
  id uuid primary key,
  workspace_id uuid not null references workspace (id),
  at timestamptz not null,
  actor_kind text not null check (actor_kind in ('person', 'api_key', 'system')),
  actor_id uuid,
  action text not null,
  subject text,
  text text not null
);
create index audit_entry_by_workspace on audit_entry (workspace_id, at desc, id desc);

import type { Generated } from 'kysely'
import type { BlindIndex, Mark, Sealed, Time } from './columns.ts'

/** Organisations, and mandates to act for them and for people. */
export interface LegalPersonTables {
  /** The embedded business register, for a county without access to the real one. */
  business_register: {
    /** Unified social credit code (GB 32100): published by law, so it may be read. */
    uscc: string
    /** Sealed, because an individual business often has its owner's name. */
    name: Sealed
    status: 'active' | 'revoked' | 'cancelled'
    /** The representative's document, bound to the code: it finds neither the person nor their other organisations. */
    representative_key: BlindIndex
    imported_at: Time
  }
  /** Principals of mandates. Each change of their mandates compares and sets `version`. */
  principals: { id: string; kind: 'legal_person' | 'natural_person'; version: number }
  legal_persons: {
    id: string
    uscc: string
    name: Sealed
    status: 'active' | 'suspended'
    /** The person confirmed as legal representative; null after the register has named another one. */
    owner_id: string | null
    /** The register's value when the representative was confirmed. */
    representative_key: BlindIndex | null
    created_at: Time
    updated_at: Time
  }
  mandates: {
    id: string
    principal_id: string
    person_id: string | null
    role: 'manager' | 'handler' | 'helper'
    /** JSON: names of config/matters.json, or "*". */
    matters: string
    not_before: Time
    expires_at: Time
    granted_by: string
    parent_id: string | null
    state: 'offered' | 'active' | 'suspended' | 'ended'
    /** The invitee's name with phone or document number; empty after the offer, as is the name. */
    invitee_key: BlindIndex | null
    invitee_name: Sealed | null
    /** Six digits that the giver passes on, when only a phone number identifies the invitee. */
    code_key: BlindIndex | null
    /** No longer used: see mandate_code_tries. */
    code_tries: number
    offer_ends_at: Time
    created_at: Time
    updated_at: Time
    /** Over what the mandate gives, to whom (src/keys/row-guard.ts); null in rows of older versions. */
    mac: Sealed | null
  }
  /** Wrong invitation codes, counted by person, so that no person uses up another's attempts. */
  mandate_code_tries: { mandate_id: string; person_id: string; tries: number; opened_at: Time | null }
  mandate_history: {
    id: Generated<number>
    principal_id: string
    mandate_id: string | null
    at: Time
    event: string
    actor: string
    person_id: string | null
    /** The signed text of the mandate (src/accounts/mandates/canonical.ts): ids and keys, no personal data. */
    text: string | null
    /** JSON: the WebAuthn assertion over that text, if the person has a passkey. */
    signature: string | null
  }
  /** The party a person last chose to act for at a portal; null for themself. */
  representee_choices: { person_id: string; client_id: string; principal_id: string | null; chosen_at: Time }
  /** Principals whose mandates may have ended: their grants at portals are checked when due. */
  representation_endings: { id: Generated<number>; principal_id: string; due_at: Time }
}

/** Part of `columnMarks` in schema.ts. */
export const legalPersonMarks: { [T in keyof LegalPersonTables]: { [C in keyof LegalPersonTables[T]]: Mark } } = {
  business_register: {
    uscc: 'open',
    name: 'sensitive',
    status: 'open',
    representative_key: 'sensitive',
    imported_at: 'open',
  },
  principals: { id: 'open', kind: 'open', version: 'open' },
  legal_persons: {
    id: 'open',
    uscc: 'open',
    name: 'sensitive',
    status: 'open',
    owner_id: 'open',
    representative_key: 'sensitive',
    created_at: 'open',
    updated_at: 'open',
  },
  mandates: {
    id: 'open',
    principal_id: 'open',
    person_id: 'open',
    role: 'open',
    matters: 'open',
    not_before: 'open',
    expires_at: 'open',
    granted_by: 'open',
    parent_id: 'open',
    state: 'open',
    invitee_key: 'sensitive',
    invitee_name: 'sensitive',
    code_key: 'sensitive',
    code_tries: 'open',
    offer_ends_at: 'open',
    created_at: 'open',
    updated_at: 'open',
    mac: 'sensitive',
  },
  mandate_code_tries: { mandate_id: 'open', person_id: 'open', tries: 'open', opened_at: 'open' },
  mandate_history: {
    id: 'open',
    principal_id: 'open',
    mandate_id: 'open',
    at: 'open',
    event: 'open',
    actor: 'open',
    person_id: 'open',
    text: 'open',
    signature: 'open',
  },
  representee_choices: { person_id: 'open', client_id: 'open', principal_id: 'open', chosen_at: 'open' },
  representation_endings: { id: 'open', principal_id: 'open', due_at: 'open' },
}

/** What a sender knows a delivered message by, at the vendor's or in the store. */
export interface Receipt {
  id: string
}

/**
 * Delivers one kind of message to one person: a notice to the inbox of an account, a text to a telephone number. The message names
 * its receiver.
 */
export interface Sender<Message> {
  /** @throws Error where the message was not accepted; it may be sent again then */
  send(message: Message): Promise<Receipt>
}

//! What the accounts ask of the shell: keep the book on disk, and compare a code with the one of the box.

use super::book::Book;
use super::code::ClaimCode;
use crate::request::Reply;

/// A wish of the accounts.
#[derive(Debug)]
pub enum AccountsCall {
    /// Keep this book. Answered after it is on disk.
    Keep { book: Box<Book>, reply: Reply<()> },
    /// Whether this is the code of whoever has access to the box, and still valid. With `spend` it is valid no longer.
    IsBoxCode { code: ClaimCode, spend: bool, reply: Reply<bool> },
}

//! Who is known, who is signed in, and for how long.

use super::super::password::Hasher;
use super::*;

const START: UnixMs = UnixMs(1_765_275_330_000);

async fn password() -> Hash {
    Hasher::new().hash("correct horse battery".to_owned()).await.expect("a hash")
}

async fn book() -> (Book, UserId) {
    let mut book = Book::default();
    assert!(book.needs_claim());
    let id = book.claim(START, "Amina", password().await).expect("claimed");
    assert!(!book.needs_claim());
    (book, id)
}

fn key(number: u16) -> Digest {
    Digest::new(*blake3::hash(&number.to_le_bytes()).as_bytes())
}

#[tokio::test]
async fn somebody_invited_comes_in_with_the_code_while_it_is_valid() {
    let (mut book, _) = book().await;
    let (user, code, expires) = book.add(START, " Bilal ", UserRole::Technician).expect("added");
    let (id, name) = (user.id, user.name.clone());
    assert_eq!((name.as_str(), expires), ("Bilal", START.plus(USER_CODE_LIFE_MS)));
    assert_eq!(book.invited(START, &ClaimCode::random()), None);
    assert_eq!(book.invited(expires, &code), None, "too late");
    assert_eq!(book.invited(START, &code).map(|user| user.id), Some(id));
    assert!(!book.user(id).expect("there").is_active());
    book.set_password(id, password().await).expect("set");
    assert_eq!(book.invited(START, &code), None, "once only");
    let (again, _) = book.invite(START, id).expect("a new code");
    assert!(!book.user(id).expect("there").is_active());
    assert!(book.invited(START, &again).is_some() && book.invited(START, &code).is_none());
}

#[tokio::test]
async fn somebody_must_be_left_to_let_others_in() {
    let (mut book, amina) = book().await;
    let (bilal, ..) = book.add(START, "Bilal", UserRole::Operator).expect("added");
    let bilal = bilal.id;
    let conflict = |told: Result<(), Problem>| assert_eq!(told.expect_err("refused").kind, Kind::Conflict);
    conflict(book.remove(amina));
    conflict(book.set_role(amina, UserRole::Technician));
    conflict(book.invite(START, amina).map(drop));
    book.set_password(bilal, password().await).expect("set");
    book.set_role(amina, UserRole::Technician).expect("another operator is there");
    conflict(book.remove(bilal));
    book.remove(amina).expect("removed");
    assert!(book.remove(amina).is_err());
}

#[tokio::test]
async fn the_box_gives_a_known_operator_a_new_password() {
    let (mut book, amina) = book().await;
    book.open(START, key(1), Some(amina), "Firefox".to_owned());
    assert_eq!(book.claim(START, "amina", password().await), Ok(amina));
    assert_eq!((book.users().len(), book.sessions(START).len()), (1, 0));
}

#[tokio::test]
async fn names_are_one_persons_only() {
    let (mut book, amina) = book().await;
    for wrong in ["amina", "", " ", "token", "Token", "a\nb", &"x".repeat(ACTOR_BYTES_MAX + 1)] {
        assert!(book.add(START, wrong, UserRole::Technician).is_err(), "{wrong}");
    }
    let (bilal, ..) = book.add(START, "Bilal", UserRole::Technician).expect("added");
    let bilal = bilal.id;
    assert!(book.rename(bilal, "AMINA").is_err());
    book.rename(amina, "AMINA").expect("her own");
    let full = (0..USERS_MAX).map(|number| book.add(START, &number.to_string(), UserRole::Operator).is_ok());
    assert_eq!(full.filter(|added| *added).count(), USERS_MAX - 2);
}

#[tokio::test]
async fn sessions_end_by_age_idleness_and_number() {
    let (mut book, amina) = book().await;
    book.open(START, key(1), Some(amina), "Firefox".to_owned());
    let who = |book: &Book, now| book.session(now, &key(1)).map(|(_, actor)| actor.name);
    assert_eq!(who(&book, START).as_deref(), Some("Amina"));
    assert_eq!(who(&book, START.plus(SESSION_IDLE_MS)), None);
    let mut now = START;
    while now < START.plus(SESSION_LIFE_MS - SESSION_IDLE_MS) {
        now = now.plus(SESSION_IDLE_MS - 1);
        book.session(now, &key(1)).expect("in use").0.touch(now);
    }
    assert_eq!(who(&book, START.plus(SESSION_LIFE_MS)), None, "however much it was used");
    for number in 0..u16::try_from(SESSIONS_MAX).expect("few") + 10 {
        book.open(START.plus(i64::from(number)), key(number), None, "x".repeat(1_000));
    }
    assert_eq!(book.sessions(START).len(), SESSIONS_MAX);
    assert_eq!(who(&book, START), None, "the oldest went");
    assert_eq!(book.session(START, &key(100)).map(|(_, actor)| actor), Some(Actor::token()));
}

#[tokio::test]
async fn bytes_come_back_and_nonsense_is_refused() {
    let (mut book, amina) = book().await;
    book.add(START, "Bilal", UserRole::Technician).expect("added");
    book.open(START, key(1), Some(amina), "Firefox on Android".to_owned());
    let bytes = book.to_bytes();
    assert_eq!(Book::from_bytes(&bytes), Ok(book.clone()));
    for at in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[at] ^= 0x55;
        if let Ok(read) = Book::from_bytes(&wrong) {
            assert_eq!(read.to_bytes(), wrong, "what is read is what was written");
        }
    }
    assert!(Book::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    assert!(Book::from_bytes(&vec![0x80; ACCOUNTS_BYTES_MAX + 1]).is_err());
    let stranger = User { id: UserId(99), ..book.users[0].clone() };
    book.users.push(stranger);
    assert!(Book::from_bytes(&book.to_bytes()).is_err(), "an id that was never given");
}

#[test]
fn a_full_book_fits_its_file() {
    let mut book = Book::default();
    for number in 0..USERS_MAX {
        let name = format!("{number:0>ACTOR_BYTES_MAX$}");
        book.add(START, &name, UserRole::Technician).expect("added");
    }
    for number in 0..SESSIONS_MAX {
        let number = u16::try_from(number).expect("few");
        book.open(START, key(number), None, "x".repeat(DEVICE_BYTES_MAX));
    }
    // A password takes 130 bytes at the most.
    assert!(book.to_bytes().len() + USERS_MAX * 130 < ACCOUNTS_BYTES_MAX);
}

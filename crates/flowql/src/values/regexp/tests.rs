use super::{RegexpErrorKind as K, check};

#[test]
fn accepted() {
    for pattern in [
        // Literals, and what looks like an operator but is not.
        "",
        "abc",
        "é日",
        "a|",
        "|",
        "a||b",
        "]",
        "}",
        "a]b}",
        "{",
        "{,5}",
        "a{,5}",
        "a{1",
        "a{1,",
        "a{1,x}",
        "a{ 1}",
        "a{01}",
        "a{-1}",
        "{,2}*",
        "a{9999999999}",
        "a*{,2}",
        "\0",
        // Repeats.
        "a*",
        "a+?",
        "a??",
        "a{2}",
        "a{2,}?",
        "a{0,1000}",
        "a{0}",
        "a{1000}",
        "^*",
        "$+",
        "\\b?",
        "\\A{2}",
        "()*",
        "(|a)*",
        "(?:)*",
        "a(?i)*",
        "a*(?i)*",
        "a*\\Q\\E*",
        "(a*)*",
        "(?:a{2}){3}",
        "((a{100}){10}){1}",
        "(a{1000}|b{1000}){0}",
        "((a{500}){2}b{1000})c{1000}",
        "(a{1000})*",
        "(a{1000}){1,}",
        // Groups and flags.
        "(a)",
        "(?:a)",
        "(?P<name>a)",
        "(?<name>a)",
        "(?P<1>a)",
        "(?P<é>a)",
        "(?P<a>b)(?P<a>c)",
        "(?i)a",
        "(?i:a)",
        "(?imsU-imsU:a)",
        "(?ii)",
        "(?)",
        "(?-s)",
        "((((a))))",
        // Classes.
        "[a]",
        "[]a]",
        "[^]a]",
        "[a-]",
        "[-a]",
        "[a-c-e]",
        "[a-z0-9_]",
        "[(*{|]",
        "[[]",
        "[[:alpha:]]",
        "[[:^word:]x]",
        "[[:alpha]",
        "[[:]",
        "[\\d\\W-]",
        "[\\d-z]",
        "[\\pL\\p{^Greek}]",
        "[\\]]",
        "[\\x41-\\x{5A}]",
        "[\\n-\\r]",
        "[é-日]",
        "[a-a]",
        "[!-[:alpha:]]",
        "[\\12]",
        "[^a]*",
        "[\\0-\\x{10FFFF}]",
        // Escapes.
        "\\d\\D\\s\\S\\w\\W",
        "\\b\\B\\A\\z\\C",
        "\\.\\*\\(\\[\\\\",
        "\\-\\!\\ \\_\\/",
        "\\a\\f\\n\\r\\t\\v",
        "\\x41",
        "\\x{1F600}",
        "\\x{000000041}",
        "\\x{10FFFF}",
        "\\x{D800}",
        "\\0",
        "\\08",
        "\\012",
        "\\12",
        "\\123",
        "\\777",
        "\\pN",
        "\\PN",
        "\\p{Greek}",
        "\\P{^Old_Italic}",
        "\\p{Whatever}",
        "\\Q(*\\E",
        "\\Q(*",
        "\\Qab\\E*",
        "\\Qa\\",
    ] {
        assert_eq!(check(pattern), Ok(()), "{pattern:?}");
    }
}

#[test]
fn rejected() {
    for (pattern, kind, underlined) in [
        ("(", K::UnclosedGroup, 0..1),
        ("a(b(c)", K::UnclosedGroup, 1..2),
        ("é(", K::UnclosedGroup, 2..3),
        ("(?i", K::UnclosedGroup, 0..1),
        ("(?", K::UnclosedGroup, 0..1),
        ("(?P<a>b", K::UnclosedGroup, 0..1),
        ("a)b", K::UnopenedGroup, 1..2),
        ("(a))", K::UnopenedGroup, 3..4),
        ("(?>a)", K::UnknownGroup, 0..3),
        ("(?#a)", K::UnknownGroup, 0..3),
        ("(?P>a)", K::UnknownGroup, 0..4),
        ("(?P<a-b>c)", K::BadGroupName, 3..8),
        ("(?<>c)", K::BadGroupName, 2..4),
        ("x(?P<a", K::BadGroupName, 1..5),
        ("(?x)", K::UnknownFlag, 2..3),
        ("(?iX:a)", K::UnknownFlag, 3..4),
        ("(?i-s-m)", K::UnknownFlag, 5..6),
        ("(?P)", K::UnknownFlag, 2..3),
        ("(?i-)", K::MissingFlag, 3..4),
        ("(?-:a)", K::MissingFlag, 2..3),
        ("a(?=b)", K::LookAround, 1..4),
        ("(?!b)", K::LookAround, 0..3),
        ("(?<=b)", K::LookAround, 0..4),
        ("(?<!b)", K::LookAround, 0..4),
        ("(a)\\1", K::BackReference, 3..5),
        ("\\18", K::BackReference, 0..2),
        ("\\8", K::BackReference, 0..2),
        ("(?P<a>b)\\k<a>", K::BackReference, 8..10),
        ("(?P=a)", K::BackReference, 0..4),
        ("*", K::NothingToRepeat, 0..1),
        ("a|+b", K::NothingToRepeat, 2..3),
        ("(*a)", K::NothingToRepeat, 1..2),
        ("(?i)*", K::NothingToRepeat, 4..5),
        ("\\Q\\E?", K::NothingToRepeat, 4..5),
        ("{2}", K::NothingToRepeat, 0..3),
        ("a**", K::RepeatOfRepeat, 1..3),
        ("a*??", K::RepeatOfRepeat, 1..4),
        ("a++", K::RepeatOfRepeat, 1..3),
        ("a{2}{3}", K::RepeatOfRepeat, 1..7),
        ("a{2,1}", K::RepeatReversed, 1..6),
        ("a{1001}", K::RepeatTooLarge, 1..7),
        ("a{2,1001}?", K::RepeatTooLarge, 1..10),
        ("a{999999999,}", K::RepeatTooLarge, 1..13),
        ("((a{100}){100}){100}", K::NestedRepeatTooLarge, 9..14),
        ("(a{2}|b(c{501}d){2})", K::NestedRepeatTooLarge, 16..19),
        ("(?:a{10,}){101,}", K::NestedRepeatTooLarge, 10..16),
        ("a{501}\\Q\\E{2}", K::NestedRepeatTooLarge, 10..13),
        ("x[a", K::UnclosedClass, 1..2),
        ("[]", K::UnclosedClass, 0..1),
        ("[^]", K::UnclosedClass, 0..1),
        ("[a-", K::UnclosedClass, 0..1),
        ("[[:alpha:]", K::UnclosedClass, 0..1),
        ("[xz-a]", K::BadClassRange, 2..5),
        ("[\\x{42}-\\101]", K::BadClassRange, 1..12),
        ("[a-[:alpha:]]", K::BadClassRange, 1..4),
        ("[[:foo:]]", K::BadClassName, 1..8),
        ("[[:Alpha:]]", K::BadClassName, 1..10),
        ("[a-\\d]", K::UnknownEscape, 3..5),
        ("[\\b]", K::UnknownEscape, 1..3),
        ("[\\1]", K::UnknownEscape, 1..3),
        ("a\\Z", K::UnknownEscape, 1..3),
        ("\\E", K::UnknownEscape, 0..2),
        ("\\é", K::UnknownEscape, 0..3),
        ("\\xZZ", K::BadHexEscape, 0..3),
        ("\\x4", K::BadHexEscape, 0..3),
        ("\\x{}", K::BadHexEscape, 0..4),
        ("\\x{4", K::BadHexEscape, 0..4),
        ("\\x{110000}", K::BadHexEscape, 0..9),
        ("\\p", K::BadUnicodeClass, 0..2),
        ("\\pX", K::BadUnicodeClass, 0..3),
        ("\\p{}", K::BadUnicodeClass, 0..4),
        ("\\p{a b}", K::BadUnicodeClass, 0..7),
        ("[\\p{Greek", K::BadUnicodeClass, 1..4),
        ("a\\", K::TrailingBackslash, 1..2),
        ("[a\\", K::TrailingBackslash, 2..3),
    ] {
        let error = check(pattern).expect_err(pattern);
        assert_eq!((error.kind, error.start..error.end), (kind, underlined), "{pattern:?}");
    }
}

#[test]
fn deep() {
    let nested = |depth| "(".repeat(depth) + &")".repeat(depth);
    assert_eq!(check(&nested(1000)), Ok(()));
    let error = check(&nested(1001)).unwrap_err();
    assert_eq!((error.kind, error.start..error.end), (K::TooDeep, 1000..1001));
}

/// A pseudo-random number generator (xorshift): the tests take no dependency for it.
fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 33).unwrap()
}

#[test]
fn hostile() {
    const SIZE: usize = 60 * 1024;
    let pieces = [
        "(", ")", "[", "]", "\\", "{", "}", "*", "?", "|", "^", "-", "a", "é", "日", "[:", "[[:", ":]", "(?",
        "(?P<", "(?P<a>", "(?i", "\\x{", "\\p{", "\\Q", "\\E", "{1", "{1000}", "1", ",", "(?:", "(a{2}",
        "()*", "a{2}|", "[a-", "\\0",
    ];
    let inspect = |pattern: &str| {
        if let Err(error) = check(pattern) {
            let underlined = pattern.get(error.start..error.end);
            assert!(underlined.is_some_and(|text| !text.is_empty()), "{error:?}");
        }
    };
    for piece in pieces {
        let long = piece.repeat(SIZE / piece.len());
        inspect(&long);
        // Inside a class, where less ends the check.
        inspect(&format!("[{long}"));
        inspect(&format!("a{long})"));
    }
    let mut state = 0x9E37_79B9_7F4A_7C15;
    for round in 0..20_000 {
        let size = if round % 1000 == 0 { SIZE } else { round % 40 };
        let mut pattern = String::new();
        while pattern.len() < size {
            pattern.push_str(pieces[next(&mut state) % pieces.len()]);
        }
        inspect(&pattern);
    }
}

#[test]
fn messages() {
    for (kind, message) in ["(", "a**", "[", "\\", "(?=a)"].map(|pattern| {
        let kind = check(pattern).unwrap_err().kind;
        (kind, kind.message())
    }) {
        assert!(!message.ends_with('.') && !message.starts_with(char::is_uppercase), "{kind:?}: {message}");
    }
}

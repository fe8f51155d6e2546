//! The syntax tree as an S-expression.

use flowql_oracle::syntax;

#[test]
fn trees() {
    for (filter, tree) in [
        ("", "()"),
        ("-- nothing", "()"),
        ("SrcAS IN (AS1, AS5-AS9)", "(cond SrcAS IN w:AS1 w:AS5-AS9)"),
        ("srcas=1", "(cond srcas = w:1)"),
        (
            "a=1 OR b=2 AND c=3 AND d=4 OR e=5",
            "(or (cond a = w:1) (and (cond b = w:2) (cond c = w:3) (cond d = w:4)) (cond e = w:5))",
        ),
        ("(a=1 AND b=2) AND c=3", "(and (group (and (cond a = w:1) (cond b = w:2))) (cond c = w:3))"),
        ("((a=1))", "(group (group (cond a = w:1)))"),
        ("NOT NOT a=1 AND b=2", "(and (not (not (cond a = w:1))) (cond b = w:2))"),
        ("NOT (a=1 OR b=2)", "(not (group (or (cond a = w:1) (cond b = w:2))))"),
        ("@a-b_1 AND NOT @C", "(and (saved a-b_1) (not (saved C)))"),
        ("@a--b", "(saved a)"),
        ("a != 1 AND a !<< x AND a << x", "(and (cond a != w:1) (cond a !<< w:x) (cond a << w:x))"),
        ("a<1 OR a<=1 OR a>1 OR a>=1", "(or (cond a < w:1) (cond a <= w:1) (cond a > w:1) (cond a >= w:1))"),
        ("a notin (1) OR a not in (1)", "(or (cond a NOT-IN w:1) (cond a NOT-IN w:1))"),
        (
            "a LIKE 'x' OR a NOT LIKE 'x' OR a UNLIKE 'x'",
            "(or (cond a LIKE s:\"x\") (cond a NOT-LIKE s:\"x\") (cond a NOT-LIKE s:\"x\"))",
        ),
        (
            "a ILIKE 'x' OR a NOT ILIKE 'x' OR a IUNLIKE 'x'",
            "(or (cond a ILIKE s:\"x\") (cond a NOT-ILIKE s:\"x\") (cond a NOT-ILIKE s:\"x\"))",
        ),
        (
            "a BETWEEN 1 AND 2 AND b NOT BETWEEN 'x' AND y",
            "(and (cond a BETWEEN w:1 w:2) (cond b NOT-BETWEEN s:\"x\" w:y))",
        ),
        ("a REGEXP 'x' OR a NOT REGEXP 'x'", "(or (cond a REGEXP s:\"x\") (cond a NOT-REGEXP s:\"x\"))"),
        ("a HAS x OR a NOT HAS (x, y)", "(or (cond a HAS w:x) (cond a NOT-HAS w:x w:y))"),
        (r#"a = "q\"\\\'\n'é" "#, r#"(cond a = s:"q\"\\\\'\\n'é")"#),
        ("a = 'tab\t'", r#"(cond a = s:"tab\t")"#),
        ("a=@b", "(cond a = w:@b)"),
        ("a = é€", "(cond a = w:é€)"),
        ("a = 1--2\n", "(cond a = w:1)"),
        ("a = 1/2*3/", "(cond a = w:1/2*3/)"),
    ] {
        assert_eq!(syntax(filter).as_deref(), Ok(tree), "{filter}");
    }
}

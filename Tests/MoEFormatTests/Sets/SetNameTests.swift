import Testing

@testable import MoEFormat

/// SPEC.md §13.1: all names follow from the head's.
@Suite struct SetNameTests {
    @Test(arguments: [
        ("mixtral.moe", "mixtral-00002-of-00014.moe"), ("/a.b/c.moe", "/a.b/c-00002-of-00014.moe"),
        ("UPPER.MOE", "UPPER-00002-of-00014.MOE"), ("a/.moe", "a/-00002-of-00014.moe"),
        ("x-00001-of-00002.moe", "x-00001-of-00002-00002-of-00014.moe"),
    ])
    func membersFollowFromTheHeadAndBack(head: String, member: String) {
        #expect(SetName(head: head).member(2, of: 14) == member)
        #expect(SetName(member: member, 2, of: 14) == SetName(head: head))
        #expect(SetName(head: head).hasMember(named: SetName.file(of: member)))
        #expect(SetName(member: member, 3, of: 14) == nil && SetName(member: head, 2, of: 14) == nil)
    }

    @Test func aHeadWithoutExtensionHasMembersWithOne() {
        #expect(SetName(head: "/dev/fd/7").member(1, of: 65535) == "/dev/fd/7-00001-of-65535.moe")
    }

    @Test(arguments: [
        "a.moe", "b-00001-of-00002.moe", "a-00001-of-00002.h5", "a-0001-of-00002.moe", "a-000a1-of-00002.moe",
        "a-00001-of-00002-00001-of-00002.moe", "a-00001_of_00002.moe", "a-.moe",
    ])
    func othersAreNoMembers(name: String) { #expect(!SetName(head: "dir/a.moe").hasMember(named: name)) }
}

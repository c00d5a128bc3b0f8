from fastapi import APIRouter

from schemas import Item

router = APIRouter()


@router.get("/items")
def items() -> list[Item]:
    return [Item(name="one")]
